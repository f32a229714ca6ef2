"""The work itself: four activities, and two that undo.

An activity may run again after its worker died or its answer was lost, so each one that changes
something outside gives the outside the same idempotency key on every attempt.
"""

import hashlib
import math
import time
from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from models import BlogPost, BlogPostRequest, EmbedInput, SlackInput, StoredPost, StoreInput
from outside_world import OutsideWorld

ARCHIVED_CHANNEL = "#archived"

_world = OutsideWorld()


def idempotency_key() -> str:
    """The same for every attempt of this activity, and different for every other activity."""
    info = activity.info()
    return f"{info.workflow_id}/{info.activity_id}"


@activity.defn
def generate_blog_post(request: BlogPostRequest) -> BlogPost:
    """Writes a paragraph at a time, and goes on after a crash where the last heartbeat was."""
    if not request.topic.strip():
        raise ApplicationError("a blog post needs a topic", type="EmptyTopic")
    outline = ("What it is", "Why it matters", "How it works", "What to do next")
    paragraphs: list[str] = list(activity.info().heartbeat_details)
    for heading in outline[len(paragraphs) :]:
        time.sleep(request.pace)
        paragraphs.append(f"{heading}: {request.topic}, seen from the point of view of '{heading.lower()}'.")
        activity.heartbeat(*paragraphs)
    return BlogPost(title=f"On {request.topic}", paragraphs=paragraphs)


@activity.defn
def store_blog_post(given: StoreInput) -> StoredPost:
    time.sleep(given.request.pace)
    key = idempotency_key()
    _world.once(key, "post", lambda: {"title": given.post.title, "paragraphs": given.post.paragraphs})
    return StoredPost(post_id=key, title=given.post.title)


@activity.defn
def create_embedding(given: EmbedInput) -> str:
    time.sleep(given.request.pace)
    key = idempotency_key()
    _world.once(key, "embedding", lambda: {"post_id": given.post_id, "vector": _embed(given.text)})
    return key


@activity.defn
def post_to_slack(given: SlackInput) -> str:
    """Flaky on purpose: the first two attempts fail, as a busy service would make them."""
    if given.request.channel == ARCHIVED_CHANNEL:
        raise ApplicationError(f"channel {ARCHIVED_CHANNEL} is archived", type="ChannelArchived")
    time.sleep(given.request.pace)
    if activity.info().attempt <= 2:
        # Benign: expected now and then, so the SDK logs no stack trace and counts no failure.
        raise ApplicationError(
            "Slack is busy, try again later", type="SlackBusy", category=ApplicationErrorCategory.BENIGN
        )
    key = idempotency_key()
    _world.once(key, "slack message", lambda: f"{given.request.channel}: new post '{given.title}'")
    return key


@activity.defn
def delete_blog_post(post_id: str) -> None:
    _world.remove(post_id)


@activity.defn
def delete_embedding(embedding_id: str) -> None:
    _world.remove(embedding_id)


ALL: list[Callable[..., Any]] = [
    generate_blog_post,
    store_blog_post,
    create_embedding,
    post_to_slack,
    delete_blog_post,
    delete_embedding,
]


def _embed(text: str, dimensions: int = 16) -> list[float]:
    """Counts hashed words: no language model, but equal texts are near and other texts are not."""
    vector = [0.0] * dimensions
    for word in text.lower().split():
        vector[hashlib.sha256(word.encode()).digest()[0] % dimensions] += 1.0
    length = math.sqrt(sum(x * x for x in vector)) or 1.0
    return [round(x / length, 6) for x in vector]
