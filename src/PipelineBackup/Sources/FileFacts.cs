using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Sources;

/// <summary>
/// What tells one state of a file from another at a glance: length, time of the last change, and what a file that is put in
/// its place has another one of, its number in the file system and its time of creation.
/// </summary>
internal sealed record FileIdentity(long Length, DateTime Written, DateTime Created, ulong Number)
{
    /// <summary>Takes it of an open file.</summary>
    public static FileIdentity Of(SafeFileHandle file) =>
        new(RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file), File.GetCreationTimeUtc(file), FileNumber.Of(file));
}

/// <summary>
/// What must not change about a file while it is backed up: its identity, and the bytes that tell its state, headers at the
/// front, the tip at the end.
/// </summary>
internal sealed record FileFacts(FileIdentity Identity, string Ends)
{
    // The front covers both header pages of any page size; the tip, the last written segments of most logs.
    private const int EndBytes = 64 * 1024;

    /// <summary>Takes the facts of the file that a path names now.</summary>
    public static FileFacts Take(string path)
    {
        using var file = Open(path);
        var identity = FileIdentity.Of(file);
        return new(identity, DigestOfEnds(file, identity.Length));
    }

    /// <summary>Opens a file of a set for reading; fails when someone has it open for writing and says so.</summary>
    public static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);

    private static string DigestOfEnds(SafeFileHandle file, long length)
    {
        byte[] buffer = new byte[2 * EndBytes];
        int front = ReadFully(file, buffer.AsSpan(0, EndBytes), 0);
        int tip = ReadFully(file, buffer.AsSpan(front, EndBytes), Math.Max(0, length - EndBytes));
        return Convert.ToHexString(SHA256.HashData(buffer.AsSpan(0, front + tip)));
    }

    /// <summary>Fills a buffer from an offset, as far as the file goes.</summary>
    public static int ReadFully(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int done = 0;
        while (done < buffer.Length && RandomAccess.Read(file, buffer[done..], offset + done) is > 0 and var read)
            done += read;
        return done;
    }
}
