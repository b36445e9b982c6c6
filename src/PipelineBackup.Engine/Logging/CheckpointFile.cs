namespace PipelineBackup.Engine;

/// <summary>The checkpoint of an engine: where recovery begins.</summary>
internal sealed class CheckpointFile
{
    private readonly IDisk _disk;
    private readonly string? _path;
    private readonly CheckpointWriter _writer;

    /// <summary>The checkpoint of a stream; what is there of the same stream counts as the one before.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The file; null for a stream that nothing is recovered from, which has none.</param>
    /// <param name="settings">The stream.</param>
    public CheckpointFile(IDisk disk, string? path, LogStreamSettings settings)
    {
        (_disk, _path) = (disk, path);
        _writer = new(settings.Signature, new(settings.Parameters)) { Before = Find() };
    }

    /// <summary>Where recovery begins; not set before the first one is written.</summary>
    public LogPosition Position { get; private set; }

    /// <summary>Recovery begins at a position from now on.</summary>
    /// <param name="position">The position.</param>
    /// <param name="attached">The databases attached there.</param>
    public void Write(LogPosition position, IReadOnlyList<AttachedDatabase> attached)
    {
        if (_path is not null)
            CheckpointWriter.Write(_disk, _path, _writer.Make(position, position, attached));
        Position = position;
    }

    /// <summary>There is nothing to recover from now on.</summary>
    /// <param name="position">Position of the record that closed the log.</param>
    public void WriteClean(LogPosition position)
    {
        if (_path is not null)
            CheckpointWriter.Write(_disk, _path, _writer.Clean(position));
        Position = position;
    }

    private Checkpoint? Find()
    {
        if (_path is null || !_disk.FileExists(_path))
            return null;
        using var file = _disk.Open(_path, DiskAccess.Read);
        byte[] bytes = new byte[Checkpoint.FileSize];
        return Checkpoint.TryRead(bytes.AsSpan(0, file.Read(bytes, 0)), out var found, out _) ? found : null;
    }
}
