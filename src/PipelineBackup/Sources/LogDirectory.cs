using PipelineBackup.Ese;

namespace PipelineBackup.Sources;

/// <summary>The log files of a directory, by stream; never through a symbolic link.</summary>
internal sealed class LogDirectory
{
    private readonly Dictionary<string, List<LogFileEntry>> _streams = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The files whose headers were read, as they were before.</summary>
    public Dictionary<string, FileIdentity> Seen { get; } = [];

    /// <summary>What is left out.</summary>
    public List<string> Remarks { get; } = [];

    /// <summary>Reads the headers of all logs of a directory.</summary>
    public static LogDirectory Read(string directory)
    {
        var result = new LogDirectory();
        var aside = new List<string>();
        // Current logs last: whether one belongs to a stream shows by the numbered ones.
        foreach (string path in Directory.EnumerateFiles(directory).OrderBy(IsCurrent).ThenBy(path => path, StringComparer.Ordinal))
        {
            if (!LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name))
                continue;
            if (FileSetInventory.IsLink(path))
                result.Remarks.Add($"'{Path.GetFileName(path)}' is left out: a symbolic link");
            else if (name.Kind is LogFileKind.Temporary or LogFileKind.Reserve)
                aside.Add(Path.GetFileName(path));
            if (name.Kind is LogFileKind.Numbered or LogFileKind.Current or LogFileKind.Temporary && !FileSetInventory.IsLink(path))
                result.Add(path, name);
        }

        if (aside.Count > 0)
            result.Remarks.Add($"left out, as they hold no transactions: {string.Join(", ", aside)}");
        return result;
    }

    /// <summary>Chooses the stream that the databases belong to.</summary>
    /// <param name="baseName">The name that was asked for; null to find it.</param>
    /// <param name="databases">The databases.</param>
    /// <returns>The chain; an empty one when there are no logs.</returns>
    /// <exception cref="SourceException">The name that was asked for is not there, or it is not clear which stream is meant.</exception>
    public LogChain Choose(string? baseName, IReadOnlyList<FoundDatabase> databases)
    {
        if (baseName is not null)
        {
            return _streams.TryGetValue(baseName, out var asked) ? new(baseName, asked) : throw new SourceException($"there are no logs '{baseName}' there")
            {
                Error = JetError.FileNotFound,
                Hint = _streams.Count == 0 ? "the directory holds no logs at all" : $"there are: {string.Join(", ", _streams.Keys.Order(StringComparer.Ordinal))}",
                ExitCode = ExitCode.NotFound,
            };
        }

        var chains = _streams.Select(stream => new LogChain(stream.Key, stream.Value)).Where(chain => chain.Generations.Count > 0).ToList();
        if (chains.Count > 1)
        {
            var own = chains.Where(chain => databases.Any(database => database.Header.LogSignature == chain.Signature)).ToList();
            if (own.Count != 1)
            {
                throw new SourceException($"there are several log streams: {string.Join(", ", chains.Select(chain => chain.BaseName))}")
                {
                    Hint = "name the one that belongs to the databases with --base",
                    ExitCode = ExitCode.Usage,
                };
            }

            chains = own;
        }

        return chains.Count == 0 ? new("", []) : chains[0];
    }

    /// <summary>The checkpoint file of a stream, if there is one.</summary>
    public static string? FindCheckpoint(string directory, string baseName) => Directory.EnumerateFiles(directory)
        .Where(path => LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name) && name.Kind == LogFileKind.Checkpoint
            && name.Base.Equals(baseName, StringComparison.OrdinalIgnoreCase) && !FileSetInventory.IsLink(path))
        .Order(StringComparer.Ordinal).FirstOrDefault();

    private static bool IsCurrent(string path) =>
        LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name) && name.Kind == LogFileKind.Current;

    private void Add(string path, LogFileName name)
    {
        using var file = FileFacts.Open(path);
        Seen[path] = FileIdentity.Of(file);
        byte[] header = new byte[LogHeader.Size];
        int length = FileFacts.ReadFully(file, header, 0);
        var entry = new LogFileEntry(Path.GetFileName(path), header.AsSpan(0, length), RandomAccess.GetLength(file));
        // Any three letters with ".log" could name a current log: only one with a log's header is taken for one.
        if (name.Kind == LogFileKind.Current && entry.HeaderFault is not null && !_streams.ContainsKey(name.Base))
        {
            Remarks.Add($"'{entry.FileName}' is left out: {entry.HeaderFault.Message}");
            return;
        }

        if (!_streams.TryGetValue(name.Base, out var stream))
            _streams.Add(name.Base, stream = []);
        stream.Add(entry);
    }
}
