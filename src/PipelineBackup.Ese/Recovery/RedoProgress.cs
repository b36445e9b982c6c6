namespace PipelineBackup.Ese;

/// <summary>Tells how far replay is, in hundredths: by generations, and by the segments of the one being replayed.</summary>
/// <param name="listener">Takes it; null for nobody.</param>
/// <param name="first">The first generation.</param>
/// <param name="last">The last one; none when nobody knows.</param>
internal sealed class RedoProgress(IProgress<RecoveryProgress>? listener, LogGeneration first, LogGeneration last)
{
    private int _told = -1;

    /// <summary>Recovery begins.</summary>
    public void Begin() => listener?.Report(new(RecoveryPhase.Begin, 0, default));

    /// <summary>Replay has come to a position.</summary>
    /// <param name="position">The position.</param>
    /// <param name="header">Header of its log.</param>
    public void Reach(LogPosition position, LogHeader header)
    {
        if (listener is null || !last.IsSet)
            return;
        double logs = position.Generation.Value - first.Value + position.Sector / (double)header.SectorCount;
        // The last hundredth is for undo.
        int done = (int)Math.Clamp(logs * 100 / (last.Value - first.Value + 1L), 0, 99);
        if (done == _told)
            return;
        _told = done;
        listener.Report(new(RecoveryPhase.Redo, done, position.Generation));
    }

    /// <summary>Undo begins.</summary>
    public void Undo() => listener?.Report(new(RecoveryPhase.Undo, 99, default));

    /// <summary>Recovery is over.</summary>
    /// <param name="isSuccess">Whether it succeeded.</param>
    public void End(bool isSuccess) => listener?.Report(isSuccess
        ? new(RecoveryPhase.Complete, 100, default)
        : new(RecoveryPhase.Fail, Math.Max(_told, 0), default));
}
