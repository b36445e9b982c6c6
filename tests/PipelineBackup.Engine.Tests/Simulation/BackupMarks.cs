namespace PipelineBackup.Engine.Tests.Simulation;

/// <summary>What the header of a database says of its backups.</summary>
/// <param name="Full">The last full one that truncated logs.</param>
/// <param name="Incremental">The last incremental one behind it.</param>
/// <param name="Differential">The last that took logs and deleted none.</param>
/// <param name="Copy">The last full one that deleted no logs.</param>
internal readonly record struct BackupMarks(
    BackupInfo Full, BackupInfo Incremental, BackupInfo Differential, BackupInfo Copy)
{
    /// <summary>What a header says.</summary>
    public static BackupMarks Of(DatabaseHeader header) => new(
        header.PreviousFull, header.PreviousIncremental, header.PreviousDifferential, header.PreviousCopy);

    /// <summary>Whether these are the marks that a complete backup makes of others.</summary>
    /// <param name="before">The others.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="hasTruncated">Whether it truncated logs.</param>
    /// <param name="low">Its first log.</param>
    /// <param name="high">Its last log.</param>
    public bool Follow(BackupMarks before, BackupKind kind, bool hasTruncated, int low, int high)
    {
        bool takesDatabases = kind is BackupKind.Full or BackupKind.Copy;
        var mark = (takesDatabases, hasTruncated) switch
        {
            (true, true) => Full,
            (true, false) => Copy,
            (false, true) => Incremental,
            _ => Differential,
        };
        var expected = (takesDatabases, hasTruncated) switch
        {
            (true, true) => new(mark, default, default, before.Copy),
            (true, false) => before with { Copy = mark },
            (false, true) => before with { Incremental = mark },
            _ => before with { Differential = mark },
        };
        return this == expected && mark.Mark.IsSet && mark.MarkTime.IsSet
            && (mark.LowGeneration.Value, mark.HighGeneration.Value) == (low, high);
    }
}
