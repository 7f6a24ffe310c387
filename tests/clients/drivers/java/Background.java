package matrix;

import java.util.concurrent.ExecutionException;

/** Work in a thread of its own until it is stopped. */
abstract class Background {
    private final Thread thread = new Thread(this::run);
    private volatile Throwable error;
    volatile boolean stopping;

    abstract void work() throws Exception;

    void start() {
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            work();
        } catch (Throwable thrown) {
            error = thrown;
        }
    }

    /** Throws what ended the work early, which would else look like standing still. */
    void broken() throws ExecutionException {
        if (error != null) throw new ExecutionException(error);
    }

    void end() throws InterruptedException, ExecutionException {
        stopping = true;
        thread.join();
        broken();
    }
}
