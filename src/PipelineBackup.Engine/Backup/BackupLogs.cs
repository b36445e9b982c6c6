using System.Globalization;

namespace PipelineBackup.Engine;

/// <summary>The closed logs of an engine as a backup takes and deletes them.</summary>
/// <param name="options">Where they are.</param>
internal sealed class BackupLogs(EngineOptions options)
{
    private readonly SortedDictionary<int, string> _paths = [];

    /// <summary>The lowest that there is; none when there is none.</summary>
    public LogGeneration Lowest => new(_paths.Keys.FirstOrDefault());

    /// <summary>Looks which there are.</summary>
    public void Find()
    {
        _paths.Clear();
        foreach (string path in options.Disk.ListFiles(options.LogDirectory))
        {
            if (LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name) && name.Kind == LogFileKind.Numbered
                && name.Base.Equals(options.BaseName, StringComparison.OrdinalIgnoreCase))
                _paths.TryAdd(name.Number, path);
        }
    }

    /// <summary>The logs of a range as files of a backup; none may be missing.</summary>
    /// <param name="from">The first.</param>
    /// <param name="to">The one behind the last.</param>
    /// <exception cref="SourceException">−528: one is missing.</exception>
    public IReadOnlyList<SourceFile> Require(LogGeneration from, LogGeneration to)
    {
        var files = new List<SourceFile>();
        for (var generation = from; generation < to; generation = generation.Next)
        {
            if (!_paths.TryGetValue(generation.Value, out string? path))
                throw BackupRefusal.LogMissing($"log generation {generation} is missing");
            files.Add(Of(generation, path));
        }

        return files;
    }

    /// <summary>The logs of a range, as far as they are there.</summary>
    /// <param name="from">The first.</param>
    /// <param name="to">The one behind the last.</param>
    public IReadOnlyList<SourceFile> List(LogGeneration from, LogGeneration to) =>
    [
        .. _paths.Where(log => log.Key >= from.Value && log.Key < to.Value).Select(log => Of(new(log.Key), log.Value)),
    ];

    /// <summary>Deletes logs, the lowest first, so that a crash leaves no hole.</summary>
    /// <param name="logs">The logs, in their order.</param>
    public void Delete(IReadOnlyList<SourceFile> logs)
    {
        foreach (var log in logs)
        {
            options.Disk.Delete(log.OriginalPath);
            options.Disk.FlushDirectory(options.LogDirectory);
        }
    }

    /// <summary>A range for people: <c>2–11 (0x2–0xb)</c>, or that it is empty.</summary>
    /// <param name="from">The first.</param>
    /// <param name="to">The one behind the last.</param>
    public static string Text(LogGeneration from, LogGeneration to) => from < to
        ? string.Create(CultureInfo.InvariantCulture,
            $"{from.Value} to {to.Value - 1} (0x{from.Value:x} to 0x{to.Value - 1:x})")
        : "none";

    private SourceFile Of(LogGeneration generation, string path)
    {
        using var file = options.Disk.Open(path, DiskAccess.Read);
        return new()
        {
            Kind = SourceFileKind.Log,
            Name = Path.GetFileName(path),
            Role = options.BaseName,
            OriginalPath = path,
            Length = file.Length,
            PageSize = SegmentScan.Size,
            Generation = generation.Value,
        };
    }
}
