using PipelineBackup.Ese;

namespace PipelineBackup.Sources;

/// <summary>
/// The logs that go with the databases of a file set: from the lowest that one of them needs through the newest, with the
/// checkpoint. Judged by names and headers here; their content is judged when it is read.
/// </summary>
internal sealed class FileSetLogs
{
    private readonly string _directory;
    private readonly FileSetInventory _inventory;
    private LogChain _chain;
    private LogGeneration _from;

    private FileSetLogs(string directory, FileSetInventory inventory, LogChain chain) =>
        (_directory, _inventory, _chain) = (directory, inventory, chain);

    /// <summary>Base name; empty when there are no logs.</summary>
    public string BaseName => _chain.BaseName;

    /// <summary>Signature of the stream, not set when there are no logs.</summary>
    public Signature Signature => _chain.Signature;

    /// <summary>Why the databases cannot be recovered with the logs, where that was accepted; else empty.</summary>
    public string Gap { get; private set; } = "";

    /// <summary>The logs in order of generation, then the checkpoint.</summary>
    public IReadOnlyList<SourceFile> Files { get; private set; } = [];

    /// <summary>Chooses the logs.</summary>
    /// <exception cref="SourceException">Logs that are needed are missing, or belong to something else.</exception>
    public static FileSetLogs Choose(FileSetInventory inventory, FileSetOptions options, BackupRequest request)
    {
        string directory = options.LogDirectory is null ? inventory.Directory : Path.GetFullPath(options.LogDirectory);
        if (!Directory.Exists(directory))
            throw new DirectoryNotFoundException($"the log directory '{directory}' is not there");
        var files = LogDirectory.Read(directory);
        inventory.Remarks.AddRange(files.Remarks);
        foreach (var (path, identity) in files.Seen)
            inventory.Seen.TryAdd(path, identity);
        var logs = new FileSetLogs(directory, inventory, files.Choose(options.BaseName, inventory.Databases));
        if (request.Parent is { } parent)
            logs.Continue(parent);
        else
            logs.Begin(request.AcceptLogGap);
        logs.Files = [.. logs.ListFiles(request.AcceptLogGap)];
        return logs;
    }

    private void Begin(bool acceptGap)
    {
        var required = _inventory.Databases.Select(database => database.Required).Where(logs => logs.Min.IsSet).ToList();
        if (required.Count == 0)
        {
            // Nothing is needed; what follows the clean shutdown lets later backups continue.
            LeaveOutForeign();
            var consistent = _inventory.Databases.Select(database => database.Header.Consistent.Generation).Where(g => g.IsSet).ToList();
            _from = consistent.Count == 0 || _chain.UnbrokenFrom > consistent.Min() ? _chain.UnbrokenFrom : consistent.Min();
            return;
        }

        _from = required.Min(logs => logs.Min);
        var start = ReadCheckpoint() is { } checkpoint && checkpoint.Signature == Signature ? checkpoint.Position.Generation : default;
        if (start.IsSet && start < _from && _chain.Find(start) is not null)
            _from = start;
        if (Judge(required, start) is not { } finding)
            return;
        if (!acceptGap)
        {
            throw new SourceException($"the databases cannot be recovered with the logs in '{_directory}': {finding.Message}")
            {
                Error = EseErrors.ToJet(finding.Error),
                Hint = $"{finding.Hint}; --logs names another directory, --on-log-gap record keeps a forensic copy".TrimStart(';', ' '),
                ExitCode = ExitCode.Refused,
            };
        }

        Gap = $"{finding}";
    }

    private LogFinding? Judge(IReadOnlyList<RequiredLogs> required, LogGeneration start)
    {
        var lowest = required.MinBy(logs => logs.Min);
        if (_chain.Generations.Count == 0)
        {
            return new(EseError.RequiredLogFilesMissing, lowest.Min, "",
                $"generations {lowest.Min} to {required.Max(logs => logs.Committed)} are needed and no log is there");
        }

        return _inventory.Databases.FirstOrDefault(database => database.Required.Min.IsSet && database.Header.LogSignature != Signature) is { } foreign
            ? new(EseError.BadLogSignature, default, "", $"'{foreign.File.Name}' belongs to another log stream")
            : _inventory.Databases.Any(database => database.Header.IsUnrestoredCopy)
                ? _chain.JudgeRestore(required, low: lowest.Min)
                : _chain.JudgeSoftRecovery(required, new SoftRecoveryOptions { Start = start });
    }

    private void Continue(BackupParent parent)
    {
        var refusal = IncrementalRules.Judge(_chain, _inventory.Databases, parent);
        if (refusal is not null)
            throw refusal;
        // The chain's newest log may have grown since: it is taken again.
        _from = new(_chain.Find(new(parent.LastGeneration)) is null ? parent.LastGeneration + 1 : parent.LastGeneration);
    }

    private void LeaveOutForeign()
    {
        if (_chain.Generations.Count == 0 || _inventory.Databases.All(database => database.Header.LogSignature == Signature))
            return;
        _inventory.Remarks.Add($"the logs '{BaseName}' are left out: they belong to another log stream than the databases, which need none");
        _chain = new("", []);
    }

    private IEnumerable<SourceFile> ListFiles(bool acceptGap)
    {
        var taken = _chain.Generations.Where(log => log.Generation >= _from).ToList();
        // Damaged past reading its generation: kept all the same for a forensic copy. Otherwise no database needs it.
        if (_chain.Current is { Generation.IsSet: false } current && acceptGap)
            taken.Add(current);
        else if (_chain.Current is { HeaderFault: { } fault } unreadable)
            _inventory.Remarks.Add($"'{unreadable.FileName}' is left out: {fault.Message}");
        foreach (var log in taken)
            yield return FileSetInventory.SideFile(Path.Combine(_directory, log.FileName), SourceFileKind.Log, BaseName, log.Generation.Value);
        if (taken.Count > 0 && LogDirectory.FindCheckpoint(_directory, BaseName) is { } checkpoint)
            yield return FileSetInventory.SideFile(checkpoint, SourceFileKind.Checkpoint, BaseName);
    }

    private Checkpoint? ReadCheckpoint()
    {
        if (_chain.Generations.Count == 0 || LogDirectory.FindCheckpoint(_directory, BaseName) is not { } path)
            return null;
        using var file = FileFacts.Open(path);
        byte[] bytes = new byte[Checkpoint.FileSize];
        return Checkpoint.TryRead(bytes.AsSpan(0, FileFacts.ReadFully(file, bytes, 0)), out var checkpoint, out _) ? checkpoint : null;
    }
}
