using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace PipelineBackup.Flow;

/// <summary>
/// Threads for work that leaves the processors to whoever else wants them: a backup beside the sessions of an engine in
/// the same process, and beside other processes.
/// </summary>
/// <remarks>
/// Not threads of the pool: on Linux a thread that lowered its priority may not raise it again, and the pool's own are
/// the sessions'. Where nobody else wants the processors the work is as fast as with any other threads.
/// </remarks>
internal sealed partial class YieldingThreads : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> _tasks = [];
    private readonly List<Thread> _threads = [];

    /// <summary>Some threads.</summary>
    /// <param name="count">How many.</param>
    public YieldingThreads(int count)
    {
        for (int i = 0; i < count; i++)
        {
            var thread = new Thread(Work) { IsBackground = true, Name = "backup", Priority = ThreadPriority.BelowNormal };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => _threads.Count;

    /// <summary>Ends them, when all that was given to them is done.</summary>
    public void Dispose()
    {
        _tasks.CompleteAdding();
        _threads.ForEach(thread => thread.Join());
        _tasks.Dispose();
    }

    /// <inheritdoc/>
    protected override void QueueTask(Task task) => _tasks.Add(task);

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && _threads.Contains(Thread.CurrentThread) && TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => [.. _tasks];

    private void Work()
    {
        LowerPriority();
        foreach (var task in _tasks.GetConsumingEnumerable())
            TryExecuteTask(task);
    }

    // The runtime sets no priorities on Linux, where the number counts for the thread alone. It is not the lowest: a
    // garbage collection waits until each thread has come to a stop, and those that hardly ever run would let all wait.
    private static void LowerPriority()
    {
        const int ThisThread = 0, Process = 0, Priority = 10;
        if (OperatingSystem.IsLinux())
            _ = SetPriority(Process, ThisThread, Priority);
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);
}
