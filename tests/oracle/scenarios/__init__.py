"""One module a topic; one function a scenario: calls in, transcript out."""
