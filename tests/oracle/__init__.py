"""The oracle: scenarios of raw gRPC calls whose transcripts are compared with the real server's."""
