using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// The checksum of pages that engines older than the error-correcting one wrote: the header's XOR, and beside it the
/// number of the page in plain.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0    4  0x89ABCDEF XOR every 32-bit word of the page but this one
///   4    4  page number, which takes part in the XOR
/// </code>
/// It can tell damage, and a page that stands in the wrong place, but mend nothing.
/// </remarks>
public static class PlainXor
{
    private const int NumberOffset = 4;

    /// <summary>Both stored words as the checksum field of a page holds them: the number in the high half.</summary>
    /// <param name="page">The whole page, with its number in place.</param>
    public static ulong Compute(ReadOnlySpan<byte> page) =>
        (ulong)StoredNumber(page).Value << 32 | HeaderChecksum.Compute(page);

    /// <summary>The page number that the page itself holds.</summary>
    /// <param name="page">The whole page.</param>
    public static PageNumber StoredNumber(ReadOnlySpan<byte> page) =>
        new(BinaryPrimitives.ReadUInt32LittleEndian(page[NumberOffset..]));

    /// <summary>Whether a page is intact and is the one it should be.</summary>
    /// <param name="page">The whole page.</param>
    /// <param name="number">The number it should have.</param>
    public static bool Verify(ReadOnlySpan<byte> page, PageNumber number) =>
        StoredNumber(page) == number && HeaderChecksum.Verify(page);

    /// <summary>Stores number and checksum in a page.</summary>
    /// <param name="page">The whole page.</param>
    /// <param name="number">Its number.</param>
    public static void Write(Span<byte> page, PageNumber number)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(page[NumberOffset..], number.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(page, HeaderChecksum.Compute(page));
    }
}
