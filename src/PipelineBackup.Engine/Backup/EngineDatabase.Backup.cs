namespace PipelineBackup.Engine;

// What a backup needs of a database.
public sealed partial class EngineDatabase
{
    /// <summary>Its file, which a backup may read beside the writer.</summary>
    internal SharedFile File => _file;

    /// <summary>The header as a copy of the database has it now. With the engine's latch held.</summary>
    /// <param name="backup">The backup.</param>
    internal byte[] HeaderOfCopy(BackupInfo backup)
    {
        var copy = new DatabaseHeaderWriter(Header) { CurrentFull = backup };
        if (_pages.Redo.TracksResize)
            copy.LastResize = _pages.Redo.LastResize;
        (copy.DbTime, copy.LastObject) = (Editor.LastTime, Editor.LastObject);
        return copy.Seal().ToArray();
    }

    /// <summary>The header gets the mark of a backup, as replay would give it. With the engine's latch held.</summary>
    /// <param name="step">What the log says of it; durable.</param>
    internal void MarkBackup(in BackupStep step)
    {
        HeaderWriter.MarkBackup(step);
        WriteHeader();
    }
}
