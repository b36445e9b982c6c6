namespace PipelineBackup.Ese;

/// <summary>Where soft recovery begins, and with which databases attached.</summary>
/// <param name="Position">Where redo starts.</param>
/// <param name="Attached">The databases attached there.</param>
/// <param name="Checkpoint">The checkpoint; null when none can be used.</param>
/// <param name="CheckpointFault">Why not; empty when one is used.</param>
internal sealed record RecoveryStart(
    LogPosition Position, IReadOnlyList<AttachedDatabase> Attached, Checkpoint? Checkpoint, string CheckpointFault)
{
    // Older logs do not say for sure that the list of the checkpoint belongs to its position.
    private static readonly LogVersion s_trustsList = new(8, 4000, 4, 3);

    /// <summary>Finds it.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="checkpointPath">The checkpoint file, if there is one.</param>
    /// <param name="chain">The logs, at least one.</param>
    public static RecoveryStart Find(IDisk disk, string checkpointPath, LogChain chain)
    {
        var checkpoint = ReadCheckpoint(disk, checkpointPath, chain.Signature, out string fault);
        var generation = checkpoint?.Position.Generation ?? FirstOf(chain);
        var header = chain.Find(generation)?.Header;
        bool isExact = checkpoint is { HasAttached: true } && header is not null && !header.Version.IsLegacy
            && IsAtLeast(header.Version, s_trustsList);
        // A clean end of the stream has no list, since nothing is attached there; nor has a version 7 checkpoint.
        var position = isExact ? AtLeastFirst(checkpoint!.Position, header!)
            : new(generation, header?.HeaderSectors ?? 1, 0);
        return new(position, isExact ? checkpoint!.Attached : header?.Attached ?? [], checkpoint, fault);
    }

    // The lowest numbered one; without any, the current one.
    private static LogGeneration FirstOf(LogChain chain) => chain.Lowest;

    private static LogPosition AtLeastFirst(LogPosition position, LogHeader header) =>
        position.Sector < header.HeaderSectors ? new(position.Generation, header.HeaderSectors, 0) : position;

    private static bool IsAtLeast(LogVersion version, LogVersion least) =>
        (version.Major, version.Minor, version.UpdateMajor, version.UpdateMinor)
            .CompareTo((least.Major, least.Minor, least.UpdateMajor, least.UpdateMinor)) >= 0;

    private static Checkpoint? ReadCheckpoint(IDisk disk, string path, Signature stream, out string fault)
    {
        fault = "there is none";
        if (!disk.FileExists(path))
            return null;
        byte[] bytes = new byte[Checkpoint.FileSize];
        using var file = disk.Open(path, DiskAccess.Read);
        if (!Checkpoint.TryRead(bytes.AsSpan(0, file.Read(bytes, 0)), out var checkpoint, out var damage))
        {
            fault = damage.Message;
            return null;
        }

        if (checkpoint.CheckStream(stream) is { } foreign)
        {
            fault = foreign.Message;
            return null;
        }

        fault = "";
        return checkpoint;
    }
}
