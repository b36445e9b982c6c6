using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace PipelineBackup.Ese;

/// <summary>The checkpoint file: where recovery starts. Two copies of one block.</summary>
/// <remarks>
/// <code>
///  off size
///    0    4  checksum over all 4096 bytes
///    4    8  not set by current engines
///   12    8  position that redo starts from
///   20   28  signature of the log stream
///   48  567  instance parameters
///  615   16  position and time of the last full backup that this instance ran
///  631   16  position and time of the last incremental one
///  647    1  bit 0: the list of attached databases is filled and belongs to the position
///  648    8  position up to which the databases are consistent on disk; 0 = the position at 12
///  656   11  not used
///  667    4  file type: 4, or 0 in old files
///  671    8  not used
///  679 2048  attached databases at the position at 12
/// 2727 1369  not used
/// 4096 4096  the same again
/// </code>
/// </remarks>
public sealed class Checkpoint
{
    /// <summary>Length of one copy in bytes.</summary>
    public const int CopySize = 4096;

    /// <summary>Length of the file in bytes.</summary>
    public const int FileSize = 2 * CopySize;

    private const int ListOffset = 679;
    private const string WithoutHint = "recovery does without it and starts at the lowest log";
    private readonly byte[] _bytes;

    private Checkpoint(ReadOnlySpan<byte> copy, int attachedBytes, bool fromSecond) =>
        (_bytes, IsFromSecondCopy) = (copy[..(ListOffset + attachedBytes)].ToArray(), fromSecond);

    /// <summary>Whether the first copy is damaged, so that this was read from the second.</summary>
    public bool IsFromSecondCopy { get; }

    /// <summary>Not set by current engines.</summary>
    public LogPosition LastFullBackupCheckpoint => LogPosition.Read(_bytes.AsSpan(4));

    /// <summary>The position that redo starts from. After a clean shutdown: that of the closing record.</summary>
    public LogPosition Position => LogPosition.Read(_bytes.AsSpan(12));

    /// <summary>
    /// Up to here the databases are consistent on disk, as stored; not set means <see cref="Position"/>.
    /// </summary>
    public LogPosition Consistency => LogPosition.Read(_bytes.AsSpan(648));

    /// <summary>Identity of the log stream.</summary>
    public Signature Signature => Signature.Read(_bytes.AsSpan(20));

    /// <summary>Settings of the engine that wrote the file.</summary>
    public InstanceParameters Parameters => new(_bytes.AsMemory(48, InstanceParameters.Size));

    /// <summary>Position of the last full backup that this instance ran.</summary>
    public LogPosition FullBackup => LogPosition.Read(_bytes.AsSpan(615));

    /// <summary>Time of that backup.</summary>
    public LogTime FullBackupTime => LogTime.Read(_bytes.AsSpan(623));

    /// <summary>Position of the last incremental backup that this instance ran.</summary>
    public LogPosition IncrementalBackup => LogPosition.Read(_bytes.AsSpan(631));

    /// <summary>Time of that backup.</summary>
    public LogTime IncrementalBackupTime => LogTime.Read(_bytes.AsSpan(639));

    /// <summary>
    /// Whether the list of attached databases belongs to the position; otherwise redo starts at the beginning of that
    /// generation with the list of its header.
    /// </summary>
    public bool HasAttached => (_bytes[647] & 1) != 0;

    /// <summary>Databases attached at the position; empty after a clean shutdown.</summary>
    public IReadOnlyList<AttachedDatabase> Attached => AttachedDatabase.ReadList(_bytes.AsMemory(ListOffset));

    /// <summary>Judges and reads a checkpoint file, from the first copy that is good.</summary>
    /// <param name="file">The whole file, or what there is of it.</param>
    /// <param name="checkpoint">The checkpoint, when one copy can be read.</param>
    /// <param name="fault">Why none can: the engine's error with a message. Not thrown.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> file, [NotNullWhen(true)] out Checkpoint? checkpoint,
        [NotNullWhen(false)] out EseException? fault)
    {
        fault = Judge(file, out int attachedBytes);
        bool second = fault?.Error == EseError.CheckpointCorrupt && file.Length > CopySize;
        if (second)
        {
            file = file[CopySize..];
            if (Judge(file, out attachedBytes) is not { } worse)
                fault = null;
            else if (worse.Error != EseError.CheckpointCorrupt)
                fault = worse;
        }

        checkpoint = fault is null ? new(file, attachedBytes, second) : null;
        return fault is null;
    }

    /// <summary>Reads a checkpoint file, from the first copy that is good.</summary>
    /// <param name="file">The whole file.</param>
    /// <exception cref="EseException">−533 both copies are damaged; −1812 not a checkpoint.</exception>
    public static Checkpoint Read(ReadOnlySpan<byte> file) =>
        TryRead(file, out var checkpoint, out var fault) ? checkpoint : throw fault;

    /// <summary>Whether the checkpoint belongs to a log stream: null, or error −532. Not thrown.</summary>
    /// <param name="stream">Signature of the log stream.</param>
    public EseException? CheckStream(Signature stream) => Signature == stream
        ? null
        : new(EseError.BadCheckpointSignature, "the checkpoint belongs to another log stream", WithoutHint);

    private static EseException? Judge(ReadOnlySpan<byte> copy, out int attachedBytes)
    {
        attachedBytes = 0;
        if (copy.Length < CopySize)
            return Corrupt($"a checkpoint takes {CopySize} bytes, there are {copy.Length}");
        copy = copy[..CopySize];
        if (!HeaderChecksum.Verify(copy))
            return Corrupt("the checksums of both copies in the checkpoint file do not match");
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(copy[667..]);
        if (type is not (0 or 4))
            return new(EseError.FileInvalidType, $"file type {type} is not that of a checkpoint");
        attachedBytes = AttachedDatabase.Measure(copy.Slice(ListOffset, AttachedDatabase.ListSize));
        return attachedBytes >= 0
            ? null
            : Corrupt("the list of attached databases in the checkpoint runs over its end");
    }

    private static EseException Corrupt(string message) => new(EseError.CheckpointCorrupt, message, WithoutHint);
}
