using System.Buffers.Binary;

namespace PipelineBackup.Format;

/// <summary>An entry of a pack's tail index: the facts of one chunk, a run of consecutive pages of one file.</summary>
/// <remarks>
/// <code>
/// off size
///   0    4  number of the file in the index
///   4    4  flags, 0; unknown ones are refused
///   8    8  index of the first page in the file, the header being 0
///  16    4  number of pages
///  20    4  plain length in bytes: pages × page size, less only at the end of a file
///  24    4  stored length in bytes: the whole LZ4 frame
///  28    4  CRC-32C of the plain bytes
///  32    8  offset of the LZ4 frame in the object
///  40    8  lowest dbtime of the chunk's pages; all ones when there is none
///  48    8  highest dbtime of the chunk's pages; 0 when there is none
///  56    4  key id, 0: not encrypted
///  60    4  zero
/// </code>
/// </remarks>
internal readonly record struct PackChunk
{
    /// <summary>Stored length in bytes.</summary>
    public const int Size = 64;

    public int File { get; init; }
    public uint Flags { get; init; }
    public long FirstPage { get; init; }
    public int Pages { get; init; }
    public int PlainLength { get; init; }
    public int StoredLength { get; init; }
    public uint Crc32C { get; init; }
    public long Offset { get; init; }
    public ulong LowestDbTime { get; init; }
    public ulong HighestDbTime { get; init; }
    public uint KeyId { get; init; }

    public static PackChunk Read(ReadOnlySpan<byte> source) => new()
    {
        File = BinaryPrimitives.ReadInt32LittleEndian(source),
        Flags = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
        FirstPage = BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
        Pages = BinaryPrimitives.ReadInt32LittleEndian(source[16..]),
        PlainLength = BinaryPrimitives.ReadInt32LittleEndian(source[20..]),
        StoredLength = BinaryPrimitives.ReadInt32LittleEndian(source[24..]),
        Crc32C = BinaryPrimitives.ReadUInt32LittleEndian(source[28..]),
        Offset = BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
        LowestDbTime = BinaryPrimitives.ReadUInt64LittleEndian(source[40..]),
        HighestDbTime = BinaryPrimitives.ReadUInt64LittleEndian(source[48..]),
        KeyId = BinaryPrimitives.ReadUInt32LittleEndian(source[56..]),
    };

    public void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        BinaryPrimitives.WriteInt32LittleEndian(destination, File);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], Flags);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], FirstPage);
        BinaryPrimitives.WriteInt32LittleEndian(destination[16..], Pages);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], PlainLength);
        BinaryPrimitives.WriteInt32LittleEndian(destination[24..], StoredLength);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], Crc32C);
        BinaryPrimitives.WriteInt64LittleEndian(destination[32..], Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[40..], LowestDbTime);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[48..], HighestDbTime);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[56..], KeyId);
    }
}
