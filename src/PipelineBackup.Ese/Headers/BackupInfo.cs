using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>One backup as a database header remembers it ("bkinfo").</summary>
/// <remarks>
/// <code>
/// off size
///   0    8  lgposMark     position that names the backup
///   8    8  logtimeMark   its time
///  16    4  genLow        first log the backup needs; 0 = no backup
///  20    4  genHigh       last log of the backup; 0 while it runs
/// </code>
/// </remarks>
/// <param name="Mark">Log position that names the backup.</param>
/// <param name="MarkTime">The time that belongs to it.</param>
/// <param name="LowGeneration">First log that the backup needs.</param>
/// <param name="HighGeneration">Last log of the backup; none while it is unfinished.</param>
public readonly record struct BackupInfo(
    LogPosition Mark, LogTime MarkTime, LogGeneration LowGeneration, LogGeneration HighGeneration)
{
    /// <summary>Stored length in bytes.</summary>
    public const int Size = 24;

    /// <summary>Whether any byte is set.</summary>
    public bool IsSet => this != default;

    /// <summary>Reads a stored backup info.</summary>
    /// <param name="source">At least 24 bytes.</param>
    public static BackupInfo Read(ReadOnlySpan<byte> source) => new(
        LogPosition.Read(source), LogTime.Read(source[8..]),
        new(BinaryPrimitives.ReadInt32LittleEndian(source[16..])),
        new(BinaryPrimitives.ReadInt32LittleEndian(source[20..])));

    /// <summary>Writes the backup info as stored.</summary>
    /// <param name="destination">At least 24 bytes.</param>
    public void Write(Span<byte> destination)
    {
        Mark.Write(destination);
        MarkTime.Write(destination[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(destination[16..], LowGeneration.Value);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], HighGeneration.Value);
    }
}
