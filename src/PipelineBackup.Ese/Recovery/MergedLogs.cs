namespace PipelineBackup.Ese;

/// <summary>
/// One stream of the logs of several directories. A generation that is met twice must be the same, or the later one
/// extend the earlier one; of two copies of which one is damaged the sound one counts.
/// </summary>
/// <param name="disk">The disk that the logs are on.</param>
/// <param name="baseName">The three characters that their names begin with.</param>
internal sealed class MergedLogs(IDisk disk, string baseName)
{
    private const int BlockBytes = 64 << 10;

    private readonly SortedDictionary<LogGeneration, LogFileEntry> _chosen = [];
    private LogFileEntry? _unreadable;

    /// <summary>What was decided between copies and is worth telling.</summary>
    public List<string> Remarks { get; } = [];

    /// <summary>Adds logs of a directory, which is later than those added before.</summary>
    /// <param name="files">The logs.</param>
    /// <param name="conflict">The error when one contradicts an earlier one of its generation.</param>
    /// <exception cref="EseException">Two sound logs of one generation contradict each other.</exception>
    public void Add(IEnumerable<LogFileEntry> files, EseError conflict)
    {
        foreach (var file in files.Where(file => file.Name.Kind != LogFileKind.Temporary))
        {
            if (!file.Generation.IsSet)
                _unreadable ??= file;
            else if (!_chosen.TryGetValue(file.Generation, out var other))
                _chosen.Add(file.Generation, file);
            else if (other.Path != file.Path)
                _chosen[file.Generation] = Choose(other, file, conflict);
        }
    }

    /// <summary>
    /// The logs as a chain. Whether a file is the one that was written to last counts only for the highest of them.
    /// </summary>
    public LogChain ToChain()
    {
        var highest = _chosen.Count == 0 ? default : _chosen.Keys.Last();
        var files = _chosen.Values.Select(
            file => file.IsCurrent && file.Generation != highest ? file.AsClosed() : file);
        return new(baseName, _unreadable is null ? files : files.Append(_unreadable));
    }

    private LogFileEntry Choose(LogFileEntry earlier, LogFileEntry later, EseError conflict)
    {
        bool isEarlierSound = IsSound(earlier), isLaterSound = IsSound(later);
        if (isEarlierSound != isLaterSound)
        {
            var (sound, damaged) = isEarlierSound ? (earlier, later) : (later, earlier);
            Remarks.Add($"'{damaged.Path}' is damaged; '{sound.Path}' of the same generation is replayed instead");
            return sound;
        }

        if (!isLaterSound || Extends(earlier, later))
            return later;
        if (Extends(later, earlier))
            return earlier;
        bool isForeign = earlier.Header!.Signature != later.Header!.Signature;
        throw new EseException(isForeign ? Foreign(conflict) : conflict,
            $"generation {later.Generation}: '{later.Path}' is neither the log '{earlier.Path}' nor its continuation",
            "the logs are of different times of the stream: leave out those that do not belong to the backup");
    }

    private static EseError Foreign(EseError conflict) => conflict == EseError.ExistingLogFileIsNotContiguous
        ? EseError.ExistingLogFileHasBadSignature
        : EseError.GivenLogFileHasBadSignature;

    // A closed log may be a copy of one that was not closed yet, so the last write counts as it would for that.
    private static bool IsSound(LogFileEntry file) => file.Fault is null
        && file.EnsureScan()!.ErrorFor(LogScanPurpose.SoftRecovery, isCurrentLog: true) == EseError.Success;

    // Everything before the earlier one's last segment is final; the last one may since have been filled up.
    private bool Extends(LogFileEntry earlier, LogFileEntry later)
    {
        if (earlier.Header is not { } header || later.Header is not { } other
            || header.Signature != other.Signature || header.Created != other.Created
            || header.SectorSize != other.SectorSize || later.Scan!.End < earlier.Scan!.End)
            return false;
        // Also when a flipped bit in one of them was corrected.
        if (!header.Version.IsLegacy && later.Scan.End == earlier.Scan.End
            && later.Scan.AccumulatedChecksum == earlier.Scan.AccumulatedChecksum)
            return true;
        long final = Math.Max(header.HeaderSectors, earlier.Scan.LastValidSegment) * (long)header.SectorSize;
        using var a = disk.Open(earlier.Path!, DiskAccess.Read);
        using var b = disk.Open(later.Path!, DiskAccess.Read);
        byte[] left = new byte[BlockBytes], right = new byte[BlockBytes];
        for (long at = header.HeaderSectors * (long)header.SectorSize; at < final; at += BlockBytes)
        {
            int length = (int)Math.Min(BlockBytes, final - at);
            if (a.Read(left.AsSpan(0, length), at) != length || b.Read(right.AsSpan(0, length), at) != length
                || !left.AsSpan(0, length).SequenceEqual(right.AsSpan(0, length)))
                return false;
        }

        return true;
    }
}
