using System.Globalization;

namespace PipelineBackup.Engine;

/// <summary>
/// An engine format version (EFV): the versions that databases and logs get, and so the oldest engine that reads them.
/// </summary>
/// <remarks>
/// These are the ones whose files were compared with those of the engine of Windows. An older format has narrower ids of
/// long values and no 64-bit counters; what can be stored is the same otherwise.
/// </remarks>
public sealed record EngineFormat
{
    // Since when there are records that replay can do without; engines from before then do not know them.
    private static readonly LogVersion s_pagesOfMacros = new(8, 4000, 5, 14), s_freedTrees = new(8, 4000, 5, 16),
        s_freedExtents = new(8, 4000, 120, 260);

    private EngineFormat(int number, FormatVersion database, LogVersion log) =>
        (Number, Database, Log) = (number, database, log);

    /// <summary>Format 8020: Windows 10 of 2015, databases 0x620,20,0 and logs 8.4000.4.3.</summary>
    public static EngineFormat Efv8020 { get; } = new(8020, new(FormatVersion.CurrentMain, 20, 0), new(8, 4000, 4, 3));

    /// <summary>Format 8920: Windows 10 up to 1909, databases 0x620,20,0 and logs 8.4000.5.16.</summary>
    public static EngineFormat Efv8920 { get; } = new(8920, new(FormatVersion.CurrentMain, 20, 0), new(8, 4000, 5, 16));

    /// <summary>Format 9600, the newest that is known: databases 0x620,290,600 and logs 8.4000.130.280.</summary>
    public static EngineFormat Efv9600 { get; } = new(9600, FormatVersion.Newest, LogVersion.Newest);

    /// <summary>All of them, the oldest first.</summary>
    public static IReadOnlyList<EngineFormat> All { get; } = [Efv8020, Efv8920, Efv9600];

    /// <summary>Its number.</summary>
    public int Number { get; }

    /// <summary>Version of new databases.</summary>
    public FormatVersion Database { get; }

    /// <summary>Version of new logs.</summary>
    public LogVersion Log { get; }

    /// <summary>Whether logs of a version tell the pages of macros in databases other than the first.</summary>
    internal static bool LogsPagesOfMacros(LogVersion log) => IsAtLeast(log, s_pagesOfMacros);

    /// <summary>Whether logs of a version have records of freed trees.</summary>
    internal static bool LogsFreedTrees(LogVersion log) => IsAtLeast(log, s_freedTrees);

    /// <summary>Whether logs of a version have records of freed extents.</summary>
    internal static bool LogsFreedExtents(LogVersion log) => IsAtLeast(log, s_freedExtents);

    /// <summary>Whether a version is another one or newer; the first two numbers of streams that are written never differ.</summary>
    internal static bool IsAtLeast(LogVersion version, LogVersion least) =>
        (version.Major, version.UpdateMajor, version.UpdateMinor)
            .CompareTo((least.Major, least.UpdateMajor, least.UpdateMinor)) >= 0;

    /// <summary>The number.</summary>
    public override string ToString() => Number.ToString(CultureInfo.InvariantCulture);
}
