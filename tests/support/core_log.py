"""The log of the SDK's core, which is where a worker complains of calls that went wrong."""

import logging

# What the SDKs' core says when a call was not answered as it must be.
RPC_TROUBLE = ("gRPC", "retried", "UNIMPLEMENTED", "Unimplemented", "Error while polling", "Network error")


class CoreLog(logging.Handler):
    """Keeps what the SDK's core logs at WARN and above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")

    def rpc_trouble(self, since: int = 0) -> list[str]:
        return [line for line in self.lines[since:] if any(word in line for word in RPC_TROUBLE)]
