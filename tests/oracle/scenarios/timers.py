"""Timers: firing, cancelling, what is buffered."""

from ..commands import cancel_timer, complete_workflow, payload, start_timer
from ..registry import scenario


@scenario
def fires(c):
    """A timer fires and brings a workflow task."""
    c.start()
    c.run_workflow_task({**start_timer(), "user_metadata": {"summary": payload("nap")}})
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def canceled(c):
    """A timer is cancelled in a later task and never fires."""
    c.start()
    c.run_workflow_task(start_timer(seconds=60))
    c.signal()
    c.run_workflow_task(cancel_timer(), complete_workflow())
    c.history()


@scenario
def started_and_canceled_at_once(c):
    """Start and cancel in one completion."""
    c.start()
    c.run_workflow_task(start_timer(seconds=60), cancel_timer())
    c.history()


@scenario
def cancel_finds_it_fired(c):
    """CancelTimer removes its own TimerFired that waits behind the running task; completing succeeds."""
    c.start()
    c.run_workflow_task(start_timer("long", seconds=60), start_timer("short", seconds=1))
    c.signal()
    task = c.poll_workflow_task()
    with c.quiet():  # another run's timer, started later, tells when the first has fired
        c.start("clock", task_queue={"name": c.id("clock")})
        c.run_workflow_task(start_timer("tick", seconds=2), queue="clock")
        c.wait_for_event("TIMER_FIRED", "clock")
    c.complete_workflow_task(task, cancel_timer("short"), complete_workflow())
    c.history()


@scenario
def fires_while_a_task_runs(c):
    """A timer that fires during a workflow task is buffered and recorded after it."""
    c.start()
    c.run_workflow_task(start_timer(seconds=1))
    c.signal()
    task = c.poll_workflow_task()
    with c.quiet():
        c.start("clock", task_queue={"name": c.id("clock")})
        c.run_workflow_task(start_timer("tick", seconds=2), queue="clock")
        c.wait_for_event("TIMER_FIRED", "clock")
    c.history()
    c.complete_workflow_task(task, complete_workflow())
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def id_again(c):
    """A timer id is free again once the timer has fired or was cancelled."""
    c.start()
    c.run_workflow_task(start_timer())
    c.run_workflow_task(start_timer(seconds=60))
    c.signal()
    c.run_workflow_task(cancel_timer(), start_timer(seconds=60))
    c.history()


@scenario
def pending_at_close(c):
    """A run closes while a timer is pending: the timer is forgotten."""
    c.start()
    c.run_workflow_task(start_timer(seconds=1))
    c.signal()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def two_in_order(c):
    """Two timers fire in the order of their times; the task that the first brings sees only that one."""
    c.start()
    c.run_workflow_task(start_timer("second", seconds=2), start_timer("first", seconds=1))
    c.run_workflow_task()
    c.run_workflow_task()
    c.history()


@scenario
def without_a_time(c):
    """Timers of zero seconds, given or not, fire at once."""
    c.start()
    c.run_workflow_task(start_timer("zero", seconds=0))
    c.run_workflow_task(start_timer("none", start_to_fire_timeout=None))
    c.run_workflow_task(complete_workflow())
    c.history()
