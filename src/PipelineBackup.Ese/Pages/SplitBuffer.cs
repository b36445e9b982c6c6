using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// The external header of a space tree's root: pages kept back so that the space tree can split without asking itself
/// for space. They count as in use.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0    4  last page of the first reserve      0 = none
///   4    4  how many pages
///   8    8  the same of the second reserve
/// </code>
/// </remarks>
/// <param name="First">The first reserve; no pages when empty.</param>
/// <param name="Second">The second reserve; no pages when empty.</param>
public readonly record struct SplitBuffer(PageExtent First, PageExtent Second)
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 16;

    /// <summary>Reads the external header of a space tree's root.</summary>
    /// <param name="bytes">The line of tag 0; fewer than 16 bytes are a root without reserves.</param>
    public static SplitBuffer Read(ReadOnlySpan<byte> bytes) =>
        bytes.Length < Size ? default : new(ReadExtent(bytes), ReadExtent(bytes[8..]));

    private static PageExtent ReadExtent(ReadOnlySpan<byte> bytes) => new(
        new(BinaryPrimitives.ReadUInt32LittleEndian(bytes)), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
}
