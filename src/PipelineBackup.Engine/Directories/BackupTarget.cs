namespace PipelineBackup.Engine;

/// <summary>How the files of a backup get from where they were copied to where they are restored from.</summary>
/// <param name="directory">The directory.</param>
internal abstract class BackupTarget(BackupDirectory directory)
{
    /// <summary>The directory.</summary>
    protected BackupDirectory Directory => directory;

    /// <summary>Where the files will be.</summary>
    public abstract string Place { get; }

    /// <summary>The way that goes with options.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="options">The options.</param>
    /// <param name="baseName">The characters that the names of the logs begin with.</param>
    public static BackupTarget Of(BackupDirectory directory, DirectoryBackupOptions options, string baseName)
    {
        bool isAtomic = options.HasFlag(DirectoryBackupOptions.Atomic);
        return options.HasFlag(DirectoryBackupOptions.Incremental)
            ? new IncrementalTarget(directory, isAtomic, baseName)
            : isAtomic ? new AtomicTarget(directory) : new PlainTarget(directory);
    }

    /// <summary>The backup may come here. Nothing is changed.</summary>
    /// <exception cref="EseException">It may not: −504, −515, −1003, −1023.</exception>
    public abstract void Require();

    /// <summary>The logs of the backup go with what is here. Nothing is changed.</summary>
    /// <param name="logs">The logs, in their order.</param>
    /// <exception cref="EseException">−515, −530: they do not.</exception>
    public virtual void RequireLogs(IReadOnlyList<SourceFile> logs)
    {
    }

    /// <summary>The path of a log that is here already; null when it is not.</summary>
    /// <param name="log">The log.</param>
    public virtual string? Twin(SourceFile log) => null;

    /// <summary>
    /// Puts the files where they are restored from. A crash in between leaves what was there before, or all of it, or
    /// something that is not restored from.
    /// </summary>
    /// <param name="files">Names of databases and their marks.</param>
    /// <param name="logs">Names of the logs, in their order.</param>
    public abstract void Promote(IReadOnlyList<string> files, IReadOnlyList<string> logs);

    /// <summary>Removes what is of no use any more, now that the backup stands.</summary>
    public virtual void Tidy() => directory.Remove(directory.Work);

    /// <summary>Gives a file that was copied its place.</summary>
    /// <param name="name">Its name.</param>
    protected void Put(string name) =>
        directory.Move(Path.Combine(directory.Work, name), Path.Combine(Place, name));

    /// <summary>There is no atomic backup.</summary>
    /// <exception cref="EseException">−504: there is one.</exception>
    protected void RequireNoAtomic()
    {
        foreach (string place in (ReadOnlySpan<string>)[directory.New, directory.Old])
        {
            if (directory.Files(place).Count > 0)
                throw NotEmpty(place, "an atomic backup is in it: only atomic ones go with it");
        }
    }

    /// <summary>−504: there is something.</summary>
    /// <param name="place">Where.</param>
    /// <param name="hint">What to do.</param>
    protected static EseException NotEmpty(string place, string hint) =>
        new(EseError.BackupDirectoryNotEmpty, $"the directory '{place}' is not empty", hint);
}

/// <summary>
/// A full backup into an empty directory: its lowest log comes last, and without it nothing is restored.
/// </summary>
/// <param name="directory">The directory.</param>
internal sealed class PlainTarget(BackupDirectory directory) : BackupTarget(directory)
{
    /// <inheritdoc/>
    public override string Place => Directory.Path;

    /// <inheritdoc/>
    public override void Require()
    {
        RequireNoAtomic();
        if (Directory.Files(Place).Count > 0)
            throw NotEmpty(Place, "name an empty one, or make the backup atomic");
    }

    /// <inheritdoc/>
    public override void Promote(IReadOnlyList<string> files, IReadOnlyList<string> logs)
    {
        foreach (string name in files)
            Put(name);
        for (int i = logs.Count - 1; i >= 0; i--)
        {
            if (i == 0)
                Directory.Flush(Place);
            Put(logs[i]);
        }

        Directory.Flush(Place);
    }
}

/// <summary>A full backup that takes the place of the one before at once.</summary>
/// <param name="directory">The directory.</param>
internal sealed class AtomicTarget(BackupDirectory directory) : BackupTarget(directory)
{
    /// <inheritdoc/>
    public override string Place => Directory.New;

    /// <inheritdoc/>
    public override void Require()
    {
        // Restore would find those first.
        if (Directory.Logs(Directory.Path).Any())
            throw NotEmpty(Directory.Path, "the logs of a backup that is not atomic are in it: name another one");
        Directory.RequireAtRest(Directory.New);
        Directory.RequireAtRest(Directory.Old);
    }

    /// <inheritdoc/>
    public override void Promote(IReadOnlyList<string> files, IReadOnlyList<string> logs)
    {
        if (!Directory.Logs(Directory.New).Any())
        {
            Directory.Remove(Directory.New);
        }
        else
        {
            // Left behind when the last backup stood already.
            Directory.Remove(Directory.Old);
            Directory.Move(Directory.New, Directory.Old);
            Directory.Flush(Directory.Path);
        }

        Directory.Move(Directory.Work, Directory.New);
        Directory.Flush(Directory.Path);
    }

    /// <inheritdoc/>
    public override void Tidy() => Directory.Remove(Directory.Old);
}
