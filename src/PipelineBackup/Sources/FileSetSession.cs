using PipelineBackup.Backup;
using PipelineBackup.Ese;

namespace PipelineBackup.Sources;

/// <summary>A backup of files at rest. Steps out of order are refused as a live engine would.</summary>
internal sealed class FileSetSession : IBackupSession, IFlushMaps
{
    private readonly FileSetInventory _inventory;
    private readonly IReadOnlyList<SourceFile> _others;
    private readonly Dictionary<string, FileFacts> _facts = [];
    private readonly List<Microsoft.Win32.SafeHandles.SafeFileHandle> _maps = [];
    private SessionState _state = SessionState.Databases;
    private bool _fileOpen;

    public FileSetSession(FileSetInventory inventory, FileSetLogs logs, bool takesDatabases)
    {
        _inventory = inventory;
        Databases = takesDatabases ? [.. inventory.Databases.Select(database => database.File)] : [];
        // Recovery of a chain starts where that of its databases does: a later checkpoint would mislead it.
        _others = takesDatabases ? [.. logs.Files, .. inventory.SideFiles] : [.. logs.Files.Where(file => file.Kind == SourceFileKind.Log)];
        foreach (var file in Databases.Concat(_others))
        {
            var facts = FileFacts.Take(file.OriginalPath);
            if (inventory.Seen.TryGetValue(file.OriginalPath, out var seen) && seen != facts.Identity)
                throw Changed(file.OriginalPath);
            _facts.Add(file.OriginalPath, facts);
        }

        Stamp = MakeStamp(inventory, logs, takesDatabases);
    }

    private enum SessionState
    {
        Databases,
        Logs,
        Completed,
        Disposed,
    }

    /// <inheritdoc/>
    public BackupStamp Stamp { get; }

    /// <inheritdoc/>
    public IReadOnlyList<SourceFile> Databases { get; }

    /// <inheritdoc/>
    public ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        var list = _state == SessionState.Databases ? Databases : _others;
        if (_state > SessionState.Logs || _fileOpen || !list.Contains(file))
            throw OutOfOrder(_fileOpen ? "open a second file" : $"open '{file.Name}'");
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var handle = FileFacts.Open(file.OriginalPath);
            _fileOpen = true;
            return new(new FileSetReader(handle, file.OriginalPath, () => _fileOpen = false));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw FileSetFailure.Of(failure, file.OriginalPath);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken)
    {
        if (_state != SessionState.Databases || _fileOpen)
            throw OutOfOrder("end the databases");
        cancellationToken.ThrowIfCancellationRequested();
        _state = SessionState.Logs;
        return new(_others);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken) =>
        _state == SessionState.Logs ? new([]) : throw OutOfOrder("list truncatable logs");

    /// <inheritdoc/>
    public ValueTask TruncateLogsAsync(CancellationToken cancellationToken) =>
        // Files at rest are someone's copy or snapshot: nothing in it is ours to delete.
        _state == SessionState.Logs ? ValueTask.CompletedTask : throw OutOfOrder("truncate");

    /// <inheritdoc/>
    public ValueTask ValidateAsync(CancellationToken cancellationToken)
    {
        if (_state != SessionState.Logs || _fileOpen)
            throw OutOfOrder("validate");
        foreach (var (path, before) in _facts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (FileFacts.Take(path) != before)
                    throw Changed(path);
            }
            catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
            {
                throw Changed(path);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw FileSetFailure.Of(failure, path);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (_state != SessionState.Logs || _fileOpen)
            throw OutOfOrder("complete");
        _state = SessionState.Completed;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public FlushMap? FlushMapOf(SourceFile database, DatabaseHeader header)
    {
        if (_inventory.SideFiles.FirstOrDefault(file => file.Kind == SourceFileKind.FlushMap && file.Role == database.Name) is not { } file)
            return null;
        var handle = FileFacts.Open(file.OriginalPath);
        _maps.Add(handle);
        var map = FlushMap.Open(handle, header);
        return map.Acceptance.IsAccepted ? map : null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _state = SessionState.Disposed;
        _maps.ForEach(map => map.Dispose());
        _maps.Clear();
        return ValueTask.CompletedTask;
    }

    private static BackupStamp MakeStamp(FileSetInventory inventory, FileSetLogs logs, bool takesDatabases)
    {
        var databases = inventory.Databases;
        return new()
        {
            Source = inventory.Directory,
            EngineVersion = databases.Count == 0 ? "" : databases.Max(database => database.Header.Version).ToString(),
            PageSize = databases.Count == 0 ? 0 : databases[0].File.PageSize,
            BaseName = logs.BaseName,
            LogSignature = logs.Signature.IsSet ? logs.Signature.ToHex() : "",
            Databases = takesDatabases ? [.. databases.Select(StampOf)] : [],
            LogGap = logs.Gap,
            Remarks = inventory.Remarks,
        };
    }

    private static DatabaseStamp StampOf(FoundDatabase database) => new()
    {
        Name = database.File.Name,
        Signature = database.Header.Signature.ToHex(),
        State = database.Header.State.ToString(),
        MinRequired = database.Required.Min.Value,
        MaxRequired = database.Required.Max.Value,
        MaxCommitted = database.Required.Committed.Value,
        NeedsRecovery = database.Header.NeedsRecovery,
        Position = Position(database.Header),
    };

    private static string Position(DatabaseHeader header) => LogPositionText.Of(header.Consistent);

    private static SourceException Changed(string path) => new($"'{path}' changed while it was backed up; nothing was published")
    {
        Hint = "back up a snapshot of the volume, or stop the program that writes to it",
        ExitCode = ExitCode.InUse,
    };

    private SourceException OutOfOrder(string step) => new($"a session in state {_state} cannot {step}")
    {
        Error = JetError.InvalidBackupSequence,
    };
}
