"""What goes into and comes out of the workflows and activities."""

from dataclasses import dataclass


@dataclass
class BlogPostRequest:
    topic: str
    channel: str = "#engineering"
    # Seconds that each piece of pretend work takes. Raise it to have time to kill something.
    pace: float = 0.1


@dataclass
class BlogPost:
    title: str
    paragraphs: list[str]


@dataclass
class StoredPost:
    post_id: str
    title: str


@dataclass
class StoreInput:
    request: BlogPostRequest
    post: BlogPost


@dataclass
class EmbedInput:
    request: BlogPostRequest
    post_id: str
    text: str


@dataclass
class SlackInput:
    request: BlogPostRequest
    title: str


@dataclass
class PublishedPost:
    post_id: str
    title: str
    embedding_id: str
    slack_message_id: str


@dataclass
class ApprovalRequest:
    post: BlogPostRequest
    deadline_seconds: float = 24 * 3600


@dataclass
class Decision:
    approved: bool
    reviewer: str
    comment: str = ""


@dataclass
class ApprovalOutcome:
    # "published", "rejected" or "expired"
    status: str
    published: PublishedPost | None = None
    decision: Decision | None = None
