using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Engine.Tests.Backup;

/// <summary>Who reads a page for a backup and who writes it take turns; nobody else waits for either.</summary>
public sealed class SharedFileTests
{
    private const int PageBytes = 4096;

    private static readonly string s_folder = Path.GetFullPath("/disk"), s_path = Path.Combine(s_folder, "a.edb");

    [Fact]
    public async Task Nobody_reads_what_is_being_written_and_all_else_goes_on()
    {
        var disk = new SimulatedDisk().AddDirectory(s_folder).Put(s_path, new byte[4 * PageBytes]);
        using ManualResetEventSlim isInside = new(), mayGoOn = new();
        using var file = new SharedFile(new Life.HeldDisk(disk, writes: _ =>
        {
            if (isInside.IsSet)
                return;
            isInside.Set();
            mayGoOn.Wait();
        }).Open(s_path, DiskAccess.ReadWrite));
        using var reader = disk.Open(s_path, DiskAccess.Read);
        byte[] page = new byte[PageBytes];
        Array.Fill(page, (byte)7);
        var cancellation = TestContext.Current.CancellationToken;
        var writing = Task.Run(() => file.Write(page, PageBytes), cancellation);
        isInside.Wait(cancellation);

        // Other pages, and a longer file.
        Assert.Equal(PageBytes, file.ReadQuietly(reader, new byte[PageBytes], 2 * PageBytes));
        file.Write(page, 3 * PageBytes);
        file.SetLength(8 * PageBytes);
        byte[] read = new byte[2 * PageBytes];
        var reading = Task.Run(() => file.ReadQuietly(reader, read, 0), cancellation);
        await Task.WhenAny(reading, Task.Delay(100, cancellation));
        Assert.False(reading.IsCompleted);
        mayGoOn.Set();
        await writing;
        Assert.Equal(read.Length, await reading);
        Assert.Equal([.. new byte[PageBytes], .. page], read);
    }

    [Fact]
    public async Task Nobody_writes_what_is_being_read()
    {
        var disk = new SimulatedDisk().AddDirectory(s_folder).Put(s_path, new byte[4 * PageBytes]);
        using var file = new SharedFile(disk.Open(s_path, DiskAccess.ReadWrite));
        using ManualResetEventSlim isInside = new(), mayGoOn = new();
        using var reader = new Life.HeldDisk(disk, _ =>
        {
            isInside.Set();
            mayGoOn.Wait();
        }).Open(s_path, DiskAccess.Read);
        byte[] page = new byte[PageBytes], read = new byte[PageBytes];
        Array.Fill(page, (byte)7);
        var cancellation = TestContext.Current.CancellationToken;
        var reading = Task.Run(() => file.ReadQuietly(reader, read, PageBytes), cancellation);
        isInside.Wait(cancellation);
        file.Write(page, 0);
        file.SetLength(8 * PageBytes);
        Task[] writing = [Task.Run(() => file.Write(page, PageBytes), cancellation), Task.Run(() => file.SetLength(PageBytes), cancellation)];
        await Task.WhenAny([.. writing, Task.Delay(100, cancellation)]);
        Assert.All(writing, one => Assert.False(one.IsCompleted));
        mayGoOn.Set();
        Assert.Equal(PageBytes, await reading);
        await Task.WhenAll(writing);
        Assert.Equal(new byte[PageBytes], read);
    }
}
