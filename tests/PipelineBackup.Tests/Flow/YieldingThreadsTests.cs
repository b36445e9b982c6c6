using System.Globalization;
using PipelineBackup.Flow;

namespace PipelineBackup.Tests.Flow;

public class YieldingThreadsTests
{
    [Fact]
    public async Task Work_is_done_by_threads_of_low_priority_as_many_as_there_are()
    {
        var pool = Nice();
        using var threads = new YieldingThreads(3);
        using var all = new Barrier(3);
        var done = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Factory.StartNew(() =>
        {
            // Only three at once can meet here.
            Assert.True(all.SignalAndWait(TimeSpan.FromSeconds(60)));
            Assert.False(Thread.CurrentThread.IsThreadPoolThread);
            return (Thread: Environment.CurrentManagedThreadId, Nice: Nice());
        }, TestContext.Current.CancellationToken, TaskCreationOptions.None, threads)));
        Assert.Equal(3, done.Select(each => each.Thread).Distinct().Count());
        Assert.All(done, each => Assert.True(each.Nice is null || each.Nice >= 10, $"{each.Nice}"));
        Assert.Equal(pool, Nice());
    }

    [Fact]
    public async Task What_was_given_before_the_end_is_done()
    {
        int done = 0;
        var tasks = new List<Task>();
        using (var threads = new YieldingThreads(2))
        {
            for (int i = 0; i < 100; i++)
                tasks.Add(Task.Factory.StartNew(() => Interlocked.Increment(ref done), CancellationToken.None, TaskCreationOptions.None, threads));
        }

        Assert.Equal(100, done);
        await Task.WhenAll(tasks);
    }

    // The nineteenth field; the name, which is the second, may hold anything but is in brackets.
    private static int? Nice()
    {
        if (!OperatingSystem.IsLinux())
            return null;
        string stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
    }
}
