using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Makes a checkpoint and writes it, both copies, to its file.</summary>
/// <param name="stream">Identity of the log stream.</param>
/// <param name="parameters">Settings of the engine, from a log header or the checkpoint before.</param>
internal sealed class CheckpointWriter(Signature stream, InstanceParameters parameters)
{
    private readonly byte[] _parameters = parameters.Bytes.ToArray();

    /// <summary>The checkpoint before, whose backups the new one goes on to tell; null for none.</summary>
    public Checkpoint? Before { get; init; }

    /// <summary>
    /// The checkpoint of a stream that was closed: the position of the closing record and no database.
    /// </summary>
    /// <param name="position">Position of that record as the record itself has it.</param>
    /// <returns>One copy.</returns>
    public byte[] Clean(LogPosition position) => Make(position, position, null);

    /// <summary>The checkpoint of a stream that goes on.</summary>
    /// <param name="position">Where redo starts.</param>
    /// <param name="consistency">Up to where the databases are consistent on disk.</param>
    /// <param name="attached">The databases attached at the position; null to have the log header tell.</param>
    /// <returns>One copy.</returns>
    /// <exception cref="ArgumentException">The databases do not fit.</exception>
    public byte[] Make(LogPosition position, LogPosition consistency, IReadOnlyList<AttachedDatabase>? attached)
    {
        byte[] copy = new byte[Checkpoint.CopySize];
        var to = copy.AsSpan();
        position.Write(to[12..]);
        stream.Write(to[20..]);
        _parameters.CopyTo(to[48..]);
        if (Before is not null && Before.Signature == stream)
        {
            Before.FullBackup.Write(to[615..]);
            Before.FullBackupTime.Write(to[623..]);
            Before.IncrementalBackup.Write(to[631..]);
            Before.IncrementalBackupTime.Write(to[639..]);
        }

        to[647] = (byte)(attached is null ? 0 : 1);
        consistency.Write(to[648..]);
        BinaryPrimitives.WriteUInt32LittleEndian(to[667..], (uint)FileType.Checkpoint);
        AttachedDatabase.WriteList(attached ?? [], to[679..]);
        BinaryPrimitives.WriteUInt32LittleEndian(to, HeaderChecksum.Compute(copy));
        return copy;
    }

    /// <summary>Writes a checkpoint to its file, which is made when it is not there.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The file.</param>
    /// <param name="copy">One copy.</param>
    /// <exception cref="IOException">
    /// The disk failed; without a checkpoint recovery starts with the first log.
    /// </exception>
    public static void Write(IDisk disk, string path, ReadOnlySpan<byte> copy)
    {
        bool isThere = disk.FileExists(path);
        using var file = disk.Open(path, isThere ? DiskAccess.ReadWrite : DiskAccess.CreateNew);
        ShadowedPage.Write(file, copy);
        if (file.Length != Checkpoint.FileSize)
        {
            file.SetLength(Checkpoint.FileSize);
            file.Flush();
        }

        if (!isThere)
            disk.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}
