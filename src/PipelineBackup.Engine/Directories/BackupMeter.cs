namespace PipelineBackup.Engine;

/// <summary>Tells how far a backup to a directory is, each part in a hundred once.</summary>
/// <param name="status">Who is told; null for nobody.</param>
internal sealed class BackupMeter(IProgress<BackupStatus>? status)
{
    private const int All = 100;

    private long _bytes, _expected;
    private int _told;

    /// <summary>Bytes of all files, as far as they are known: logs come to be known late.</summary>
    /// <param name="bytes">How many more.</param>
    public void Expect(long bytes) => _expected += bytes;

    /// <summary>Bytes were copied.</summary>
    /// <param name="bytes">How many.</param>
    public void Advance(long bytes)
    {
        _bytes += bytes;
        int done = (int)Math.Min(All - 1, _bytes * All / Math.Max(_expected, _bytes));
        if (done <= _told)
            return;
        _told = done;
        Tell(BackupStatusKind.Progress, done);
    }

    /// <summary>It begins.</summary>
    public void Begin() => Tell(BackupStatusKind.Begin, 0);

    /// <summary>It is complete.</summary>
    public void Complete() => Tell(BackupStatusKind.Complete, All);

    /// <summary>It failed.</summary>
    public void Fail() => Tell(BackupStatusKind.Fail, _told);

    private void Tell(BackupStatusKind kind, int done) => status?.Report(new(kind, done, All));
}
