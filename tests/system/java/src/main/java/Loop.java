import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityOptions;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactory;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * A worker with the SDK's default options, and clients that each start a workflow of one activity when their last one
 * is done. Arguments: ADDRESS WORKFLOWS AT_ONCE. Prints one line of JSON: what support/closed_loop.py calls a Loop.
 */
public final class Loop {
  @ActivityInterface
  public interface Activities {
    void act();
  }

  @WorkflowInterface
  public interface OneActivity {
    @WorkflowMethod
    void run();
  }

  public static final class OneActivityImpl implements OneActivity {
    private final Activities activities =
        Workflow.newActivityStub(
            Activities.class,
            ActivityOptions.newBuilder().setStartToCloseTimeout(Duration.ofMinutes(1)).build());

    @Override
    public void run() {
      activities.act();
    }
  }

  private record Done(String id, double milliseconds) {}

  private final WorkflowClient client;
  private final String taskQueue;
  private final AtomicInteger left;
  private final ConcurrentLinkedQueue<Done> done = new ConcurrentLinkedQueue<>();

  private Loop(WorkflowClient client, String taskQueue, int workflows) {
    this.client = client;
    this.taskQueue = taskQueue;
    this.left = new AtomicInteger(workflows);
  }

  /** One client's part. */
  private void runOne() {
    while (left.decrementAndGet() >= 0) {
      String id = "loop-" + UUID.randomUUID();
      WorkflowOptions options =
          WorkflowOptions.newBuilder().setWorkflowId(id).setTaskQueue(taskQueue).build();
      long began = System.nanoTime();
      client.newWorkflowStub(OneActivity.class, options).run();
      done.add(new Done(id, (System.nanoTime() - began) / 1e6));
    }
  }

  private void runAll(int atOnce) throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(atOnce);
    long began = System.nanoTime();
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < atOnce; i++) {
      running.add(clients.submit(this::runOne));
    }
    for (Future<?> client : running) {
      client.get();
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    clients.shutdown();
    String all =
        done.stream()
            .map(d -> "{\"id\": \"%s\", \"ms\": %.3f}".formatted(d.id(), d.milliseconds()))
            .collect(Collectors.joining(", "));
    System.out.println("{\"seconds\": %.3f, \"done\": [%s]}".formatted(seconds, all));
  }

  public static void main(String[] arguments) throws Exception {
    WorkflowServiceStubs service =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setTarget(arguments[0]).build());
    WorkflowClient client = WorkflowClient.newInstance(service);
    WorkerFactory factory = WorkerFactory.newInstance(client);
    String taskQueue = "loop-" + UUID.randomUUID();
    Worker worker = factory.newWorker(taskQueue);
    worker.registerWorkflowImplementationTypes(OneActivityImpl.class);
    worker.registerActivitiesImplementations((Activities) () -> {});
    factory.start();
    new Loop(client, taskQueue, Integer.parseInt(arguments[1])).runAll(Integer.parseInt(arguments[2]));
    factory.shutdown();
    factory.awaitTermination(10, TimeUnit.SECONDS);
    service.shutdownNow();
  }
}
