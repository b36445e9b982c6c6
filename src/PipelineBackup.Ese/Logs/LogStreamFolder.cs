namespace PipelineBackup.Ese;

/// <summary>The folder that the logs of a stream are in, and how they are called there.</summary>
/// <param name="Disk">The disk.</param>
/// <param name="Directory">The folder.</param>
/// <param name="BaseName">The three characters that the names begin with, in the letter case of the files.</param>
/// <param name="IsShort">Whether numbers up to 0xFFFFF have five digits.</param>
/// <param name="HasNewExtension">Whether logs are called <c>.jtx</c>.</param>
internal sealed record LogStreamFolder(
    IDisk Disk, string Directory, string BaseName, bool IsShort, bool HasNewExtension)
{
    /// <summary>The log that is written to.</summary>
    public string CurrentPath => PathOf(new(BaseName, LogFileKind.Current, 0, 0, HasNewExtension));

    /// <summary>The next log in preparation.</summary>
    public string TemporaryPath => PathOf(new(BaseName, LogFileKind.Temporary, 0, 0, HasNewExtension));

    /// <summary>The checkpoint file in another or the same folder.</summary>
    /// <param name="directory">The folder.</param>
    public string CheckpointPath(string directory) =>
        Path.Combine(directory, new LogFileName(BaseName, LogFileKind.Checkpoint, 0, 0, HasNewExtension).ToString());

    /// <summary>A file that only holds disk space.</summary>
    /// <param name="number">Its number, from 1.</param>
    public string ReservePath(int number) => PathOf(new(BaseName, LogFileKind.Reserve, number, 5, false));

    /// <summary>A numbered log.</summary>
    /// <param name="generation">Its generation.</param>
    public string NumberedPath(LogGeneration generation) =>
        PathOf(LogFileName.Numbered(BaseName, generation, IsShort) with { HasNewExtension = HasNewExtension });

    /// <summary>Finds out how the logs of a stream are called, by those that are in a folder.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="directory">The folder.</param>
    /// <param name="baseName">The three characters that the names begin with, whatever their letter case.</param>
    /// <param name="like">The name of a log of the stream that is elsewhere, should there be none here.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static LogStreamFolder Open(IDisk disk, string directory, string baseName, LogFileName? like = null)
    {
        LogFileName? numbered = null, current = null;
        foreach (string path in disk.ListFiles(directory))
        {
            if (!LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name)
                || !name.Base.Equals(baseName, StringComparison.OrdinalIgnoreCase))
                continue;
            if (name.Kind == LogFileKind.Numbered && (numbered is null || numbered.Value.Number < name.Number))
                numbered = name;
            else if (name.Kind == LogFileKind.Current)
                current ??= name;
        }

        var model = current ?? numbered ?? like;
        int digits = (numbered ?? like)?.Digits ?? 8;
        return new(disk, directory, model?.Base ?? baseName, digits == 5, model?.HasNewExtension ?? false);
    }

    /// <summary>Opens the log in preparation, empty, to be made anew.</summary>
    /// <remarks>
    /// One that is left over, perhaps an old log to be used again, is emptied and never deleted: after a crash between
    /// the two renames its name alone tells that the current log is not lost.
    /// </remarks>
    /// <exception cref="IOException">The disk failed.</exception>
    public IDiskFile OpenTemporary()
    {
        if (!Disk.FileExists(TemporaryPath))
            return Disk.Open(TemporaryPath, DiskAccess.CreateNew);
        var file = Disk.Open(TemporaryPath, DiskAccess.ReadWrite);
        try
        {
            file.SetLength(0);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private string PathOf(LogFileName name) => Path.Combine(Directory, name.ToString());
}
