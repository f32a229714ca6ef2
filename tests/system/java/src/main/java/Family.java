import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactory;
import io.temporal.workflow.Async;
import io.temporal.workflow.Promise;
import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * A workflow that goes on in a second run, which has a child and signals it and a workflow that it did not begin.
 * Argument: ADDRESS. Prints what came to the child and what came to the other one, a line each.
 */
public final class Family {
  @WorkflowInterface
  public interface Collector {
    /** Returns two words. */
    @WorkflowMethod
    String collect();

    @SignalMethod
    void add(String word);
  }

  public static final class CollectorImpl implements Collector {
    private final List<String> words = new ArrayList<>();

    @Override
    public String collect() {
      Workflow.await(() -> words.size() >= 2);
      return String.join(" ", words);
    }

    @Override
    public void add(String word) {
      words.add(word);
    }
  }

  @WorkflowInterface
  public interface Parent {
    @WorkflowMethod
    String run(String otherId, int runs);
  }

  public static final class ParentImpl implements Parent {
    @Override
    public String run(String otherId, int runs) {
      if (runs > 1) {
        Workflow.continueAsNew(otherId, runs - 1);
      }
      Collector child = Workflow.newChildWorkflowStub(Collector.class);
      Promise<String> words = Async.function(child::collect);
      Promise<WorkflowExecution> started = Workflow.getWorkflowExecution(child);
      started.get();
      Collector other = Workflow.newExternalWorkflowStub(Collector.class, otherId);
      for (Collector each : List.of(child, other)) {
        each.add("from");
        each.add(Workflow.getInfo().getContinuedExecutionRunId().isPresent() ? "second" : "first");
      }
      return words.get();
    }
  }

  public static void main(String[] arguments) {
    WorkflowServiceStubs service =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setTarget(arguments[0]).build());
    WorkflowClient client = WorkflowClient.newInstance(service);
    WorkerFactory factory = WorkerFactory.newInstance(client);
    String taskQueue = "family-" + UUID.randomUUID();
    Worker worker = factory.newWorker(taskQueue);
    worker.registerWorkflowImplementationTypes(CollectorImpl.class, ParentImpl.class);
    factory.start();
    String otherId = "other-" + UUID.randomUUID();
    WorkflowOptions.Builder options = WorkflowOptions.newBuilder().setTaskQueue(taskQueue);
    Collector other =
        client.newWorkflowStub(Collector.class, options.setWorkflowId(otherId).build());
    WorkflowClient.start(other::collect);
    Parent parent =
        client.newWorkflowStub(
            Parent.class, options.setWorkflowId("parent-" + UUID.randomUUID()).build());
    System.out.println(parent.run(otherId, 2));
    System.out.println(WorkflowStub.fromTyped(other).getResult(String.class));
    factory.shutdownNow();
    factory.awaitTermination(10, TimeUnit.SECONDS);
    service.shutdownNow();
  }
}
