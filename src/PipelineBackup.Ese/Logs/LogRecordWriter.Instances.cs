using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

// Records about engines, databases, backups and commits.
public sealed partial class LogRecordWriter
{
    /// <summary>An <see cref="LogRecordType.Init2"/>.</summary>
    /// <param name="parameters">The settings as stored, 567 bytes.</param>
    /// <param name="time">When.</param>
    public void Init(ReadOnlySpan<byte> parameters, LogTime time)
    {
        if (parameters.Length != InstanceParameters.Size)
            throw new ArgumentException($"settings take {InstanceParameters.Size} bytes", nameof(parameters));
        Begin(LogRecordType.Init2);
        Put(parameters);
        Put(time);
        End();
    }

    /// <summary>A <see cref="LogRecordType.Trace"/> or <see cref="LogRecordType.ForceLogRollover"/>.</summary>
    /// <param name="type">Which.</param>
    /// <param name="session">Number of the session; 0xFFFF for none.</param>
    /// <param name="text">The text as stored, with its zero.</param>
    /// <exception cref="ArgumentException">It is another type.</exception>
    public void Text(LogRecordType type, ushort session, ReadOnlySpan<byte> text)
    {
        if (type is not (LogRecordType.Trace or LogRecordType.ForceLogRollover))
            throw new ArgumentException($"a {type} record has no text", nameof(type));
        Begin(type);
        Put(session);
        PutLength(text);
        Put(text);
        End();
    }

    /// <summary>An <see cref="LogRecordType.ExternalRestore2"/>.</summary>
    /// <param name="logDirectory">Where the restore has its logs.</param>
    /// <param name="instance">Name of the engine whose logs it rolls forward with.</param>
    /// <exception cref="ArgumentException">They are too long for a record.</exception>
    public void ExternalRestore(string logDirectory, string instance)
    {
        int bytes = (logDirectory.Length + instance.Length + 2) * sizeof(char);
        if (bytes > ushort.MaxValue)
            throw new ArgumentException("a path and a name are too long for a log record", nameof(logDirectory));
        Begin(LogRecordType.ExternalRestore2);
        Put((ushort)bytes);
        PutPath(logDirectory);
        PutPath(instance);
        End();
    }

    /// <summary>A <see cref="LogRecordType.CommitContext"/>.</summary>
    /// <param name="version">Version of the log: old ones have no flags.</param>
    /// <param name="session">Number of the session.</param>
    /// <param name="flags">1 asks for a callback, 2 from the application, 4 before the commit.</param>
    /// <param name="data">What the application says.</param>
    public void CommitContext(LogVersion version, ushort session, byte flags, ReadOnlySpan<byte> data)
    {
        bool hasFlags = CommitContextRecord.HasFlags(version);
        Begin(LogRecordType.CommitContext);
        PutInt(data.Length + (hasFlags ? 3 : 2));
        Put(session);
        if (hasFlags)
            Put(flags);
        Put(data);
        End();
    }

    /// <summary>A <see cref="LogRecordType.MacroInfo"/>, which stands for the first database.</summary>
    /// <param name="pages">The pages of the macro.</param>
    public void MacroInfo(ReadOnlySpan<PageNumber> pages)
    {
        Begin(LogRecordType.MacroInfo);
        PutInt(pages.Length * 4);
        Put(MemoryMarshal.AsBytes(pages));
        End();
    }

    /// <summary>A <see cref="LogRecordType.MacroInfo2"/>.</summary>
    /// <param name="database">Number of the database.</param>
    /// <param name="pages">The pages of the macro.</param>
    public void MacroInfo2(byte database, ReadOnlySpan<PageNumber> pages)
    {
        Begin(LogRecordType.MacroInfo2);
        PutInt(5 + pages.Length * 4);
        Put(database);
        PutInt(pages.Length);
        Put(MemoryMarshal.AsBytes(pages));
        End();
    }

    /// <summary>A <see cref="LogRecordType.Backup2"/>.</summary>
    /// <param name="step">The step.</param>
    public void Backup(in BackupStep step)
    {
        Begin(LogRecordType.Backup2);
        Put(step);
        Put((ushort)0);
        End();
    }

    /// <summary>A <see cref="LogRecordType.CreateDatabase"/> that logs all.</summary>
    /// <param name="creation">What is created.</param>
    /// <param name="isSparse">Whether the file is sparse.</param>
    /// <param name="version">Version of the creating: 2 logs all.</param>
    /// <param name="versionUpdate">Its update.</param>
    /// <param name="path">The path.</param>
    public void CreateDatabase(
        in DatabaseCreation creation, bool isSparse, ushort version, ushort versionUpdate, string path)
    {
        const byte Flags = CreateDatabaseRecord.VersionFlag | CreateDatabaseRecord.UnicodeFlag;
        Begin(LogRecordType.CreateDatabase);
        Put(creation);
        PutPathLength(path);
        Put((byte)(Flags | (isSparse ? CreateDatabaseRecord.SparseFlag : 0)));
        Put(version);
        Put(versionUpdate);
        PutPath(path);
        End();
    }

    /// <summary>An <see cref="LogRecordType.AttachDatabase"/>.</summary>
    /// <param name="attachment">What is attached.</param>
    /// <param name="isSparse">Whether the file is sparse.</param>
    /// <param name="path">The path.</param>
    public void AttachDatabase(in DatabaseAttachment attachment, bool isSparse, string path)
    {
        Begin(LogRecordType.AttachDatabase);
        Put(attachment);
        PutPathLength(path);
        Put((byte)(CreateDatabaseRecord.UnicodeFlag | (isSparse ? CreateDatabaseRecord.SparseFlag : 0)));
        PutPath(path);
        End();
    }

    /// <summary>A <see cref="LogRecordType.DetachDatabase"/>.</summary>
    /// <param name="session">Number of the session.</param>
    /// <param name="database">Number of the database.</param>
    /// <param name="path">The path.</param>
    public void DetachDatabase(ushort session, byte database, string path)
    {
        Begin(LogRecordType.DetachDatabase);
        Put(session);
        Put(database);
        PutPathLength(path);
        Put(DetachDatabaseRecord.UnicodeFlag);
        PutPath(path);
        End();
    }

    private void PutPathLength(string path)
    {
        if (path.Length >= ushort.MaxValue / 2)
            throw new ArgumentException("a path is too long for a log record", nameof(path));
        Put((ushort)((path.Length + 1) * 2));
    }

    private void PutPath(string path)
    {
        Put(MemoryMarshal.AsBytes(path.AsSpan()));
        Put((ushort)0);
    }
}
