"""Three ways to publish a blog post: straight, with compensation, and with a human's approval."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    import activities
    from models import (
        ApprovalOutcome,
        ApprovalRequest,
        BlogPost,
        BlogPostRequest,
        Decision,
        EmbedInput,
        PublishedPost,
        SlackInput,
        StoredPost,
        StoreInput,
    )

# Slow and worth resuming: a heartbeat shows that it lives, so a dead worker is noticed in seconds.
GENERATE = workflow.ActivityConfig(
    start_to_close_timeout=timedelta(minutes=2),
    heartbeat_timeout=timedelta(seconds=5),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2.0,
        maximum_attempts=5,
        non_retryable_error_types=["EmptyTopic"],
    ),
)
# Quick and idempotent: try again soon and for as long as it takes, within a limit for the whole.
STORE = workflow.ActivityConfig(
    start_to_close_timeout=timedelta(seconds=10),
    schedule_to_close_timeout=timedelta(minutes=10),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10)
    ),
)
# Run on workers that may be scarce: do not wait for one for ever.
EMBED = workflow.ActivityConfig(
    schedule_to_start_timeout=timedelta(minutes=5),
    start_to_close_timeout=timedelta(seconds=30),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_attempts=5),
)
# Somebody else's service: back off, give up in the end, and at once if the channel is gone.
SLACK = workflow.ActivityConfig(
    start_to_close_timeout=timedelta(seconds=10),
    schedule_to_close_timeout=timedelta(minutes=5),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=300),
        backoff_coefficient=2.0,
        maximum_interval=timedelta(seconds=30),
        non_retryable_error_types=["ChannelArchived"],
    ),
)
# A compensation must happen: no limit on attempts.
UNDO = workflow.ActivityConfig(
    start_to_close_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(minutes=1)
    ),
)


@workflow.defn
class BlogPostWorkflow:
    """Generates a post, stores it, embeds it and announces it."""

    @workflow.run
    async def run(self, request: BlogPostRequest) -> PublishedPost:
        post, stored = await write_and_store(request)
        embedding_id = await embed(request, post, stored)
        slack_message_id = await announce(request, stored)
        return PublishedPost(stored.post_id, stored.title, embedding_id, slack_message_id)


@workflow.defn
class BlogPostSagaWorkflow:
    """The same, but a step that fails for good, or a cancellation, undoes the steps before it."""

    @workflow.run
    async def run(self, request: BlogPostRequest) -> PublishedPost:
        compensations: list[Callable[[], Awaitable[None]]] = []
        try:
            post, stored = await write_and_store(request)
            compensations.append(lambda: undo_store(stored))
            embedding_id = await embed(request, post, stored)
            compensations.append(lambda: undo_embed(embedding_id))
            slack_message_id = await announce(request, stored)
        except (ActivityError, asyncio.CancelledError):
            for compensate in reversed(compensations):
                await compensate()
            raise
        return PublishedPost(stored.post_id, stored.title, embedding_id, slack_message_id)


@workflow.defn
class BlogPostApprovalWorkflow:
    """Stores a draft, then waits for a human's signal, or the deadline, before it goes on."""

    def __init__(self) -> None:
        self._decision: Decision | None = None

    @workflow.signal
    def decide(self, decision: Decision) -> None:
        # The first decision counts; a second reviewer, or a signal sent twice, changes nothing.
        if self._decision is None:
            self._decision = decision

    @workflow.run
    async def run(self, request: ApprovalRequest) -> ApprovalOutcome:
        post, stored = await write_and_store(request.post)
        try:
            await workflow.wait_condition(
                lambda: self._decision is not None, timeout=timedelta(seconds=request.deadline_seconds)
            )
        except TimeoutError:
            await undo_store(stored)
            return ApprovalOutcome("expired")
        assert self._decision is not None
        if not self._decision.approved:
            await undo_store(stored)
            return ApprovalOutcome("rejected", decision=self._decision)
        embedding_id = await embed(request.post, post, stored)
        slack_message_id = await announce(request.post, stored)
        published = PublishedPost(stored.post_id, stored.title, embedding_id, slack_message_id)
        return ApprovalOutcome("published", published, self._decision)


ALL = [BlogPostWorkflow, BlogPostSagaWorkflow, BlogPostApprovalWorkflow]


async def write_and_store(request: BlogPostRequest) -> tuple[BlogPost, StoredPost]:
    post = await workflow.execute_activity(activities.generate_blog_post, request, **GENERATE)
    stored = await workflow.execute_activity(activities.store_blog_post, StoreInput(request, post), **STORE)
    return post, stored


async def embed(request: BlogPostRequest, post: BlogPost, stored: StoredPost) -> str:
    text = "\n".join(post.paragraphs)
    return await workflow.execute_activity(
        activities.create_embedding, EmbedInput(request, stored.post_id, text), **EMBED
    )


async def announce(request: BlogPostRequest, stored: StoredPost) -> str:
    return await workflow.execute_activity(
        activities.post_to_slack, SlackInput(request, stored.title), **SLACK
    )


async def undo_store(stored: StoredPost) -> None:
    await workflow.execute_activity(activities.delete_blog_post, stored.post_id, **UNDO)


async def undo_embed(embedding_id: str) -> None:
    await workflow.execute_activity(activities.delete_embedding, embedding_id, **UNDO)
