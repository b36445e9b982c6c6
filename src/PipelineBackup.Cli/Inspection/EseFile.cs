using Microsoft.Win32.SafeHandles;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Inspection;

/// <summary>What a file of the engine is.</summary>
internal enum EseFileKind
{
    /// <summary>None that is known.</summary>
    Unknown,

    /// <summary>A database.</summary>
    Database,

    /// <summary>A log.</summary>
    Log,

    /// <summary>A checkpoint.</summary>
    Checkpoint,

    /// <summary>A flush map.</summary>
    FlushMap,
}

/// <summary>Opens files of the engine and tells by their content, not by their names, what they are.</summary>
internal static class EseFile
{
    private const int FileTypeOffset = 667;

    /// <summary>Opens a file for reading; one that is open for writing elsewhere is in use.</summary>
    public static SafeFileHandle Open(string path, FileOptions options = FileOptions.None) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, options);

    /// <summary>Reads from an offset until the buffer is full or the file ends.</summary>
    public static int Read(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int done = 0;
        while (done < buffer.Length && RandomAccess.Read(file, buffer[done..], offset + done) is > 0 and var read)
            done += read;
        return done;
    }

    /// <summary>The start of a file, as much as tells what it is.</summary>
    public static byte[] ReadStart(SafeFileHandle file)
    {
        byte[] start = new byte[HeaderPair.StartBytes];
        return start[..Read(file, start, 0)];
    }

    /// <summary>Reads a checkpoint file; null with the reason when it cannot be used.</summary>
    /// <param name="path">The file, of whatever length.</param>
    /// <param name="fault">Why not.</param>
    public static Checkpoint? ReadCheckpoint(string path, out EseException? fault)
    {
        using var file = Open(path);
        return Checkpoint.TryRead(ReadStart(file), out var checkpoint, out fault) ? checkpoint : null;
    }

    /// <summary>
    /// What a file is. Damaged ones are recognised by the file type in their header, where it is legible.
    /// </summary>
    /// <param name="start">The start of the file.</param>
    /// <param name="name">Its name, which decides only between kinds of damaged headers.</param>
    public static EseFileKind Recognize(ReadOnlySpan<byte> start, string name)
    {
        if (HeaderPair.LooksLikeDatabase(start))
            return EseFileKind.Database;
        if (LogHeader.TryRead(start[..Math.Min(start.Length, LogHeader.Size)], out _, out var fault)
            || fault.Error == EseError.BadLogVersion)
        {
            return EseFileKind.Log;
        }

        if (Checkpoint.TryRead(start, out _, out _))
            return EseFileKind.Checkpoint;
        var map = new FlushMapHeader(start[..Math.Min(start.Length, FlushMapHeader.Size)].ToArray());
        if (map is { IsIntact: true, FileType: FileType.FlushMap })
            return EseFileKind.FlushMap;
        return RecognizeDamaged(start, name);
    }

    // Two hints must agree: the file type where headers have it, and the kind of name.
    private static EseFileKind RecognizeDamaged(ReadOnlySpan<byte> start, string name)
    {
        var type = start.Length >= FileTypeOffset + 4
            ? (FileType)BitConverter.ToUInt32(start[FileTypeOffset..])
            : FileType.Unknown;
        LogFileKind? kind = LogFileName.TryParse(name, out var named) ? named.Kind : null;
        return kind switch
        {
            LogFileKind.Checkpoint when type is FileType.Checkpoint or FileType.Unknown => EseFileKind.Checkpoint,
            LogFileKind.Numbered => EseFileKind.Log,
            LogFileKind.Current or LogFileKind.Temporary when type == FileType.Log => EseFileKind.Log,
            null when type == FileType.FlushMap && name.EndsWith(".jfm", StringComparison.OrdinalIgnoreCase) =>
                EseFileKind.FlushMap,
            _ => EseFileKind.Unknown,
        };
    }
}
