using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Makes a page from the before-image of a split or a merge.</summary>
/// <remarks>
/// A page is made small in two steps, undone in the other order:
/// <code>
/// page          header, nodes up to the first free byte │ free room │ tags
/// dehydrated    header, nodes up to the first free byte │ tags         free bytes are reduced by what is gone
/// compressed    as a value of a record; see <see cref="ValueCompression"/>
/// </code>
/// The page was made dirty before its image was taken, so its dbtime is that of the record; its checksum means nothing.
/// </remarks>
public static class BeforeImage
{
    /// <summary>Makes the page.</summary>
    /// <param name="image">The image as stored.</param>
    /// <param name="flags">What was done to it.</param>
    /// <param name="pageSize">Page size of the database.</param>
    /// <param name="page">Takes the page: as many bytes as <paramref name="pageSize"/> says, at least.</param>
    /// <exception cref="EseException">
    /// −501: the image is no page of this size. −1620, −431: it cannot be decompressed.
    /// </exception>
    public static void Restore(
        ReadOnlySpan<byte> image, BeforeImageFlags flags, PageSize pageSize, Span<byte> page)
    {
        page = page[..pageSize.Bytes];
        bool isCompressed = (flags & BeforeImageFlags.Compressed) != 0;
        int length = isCompressed ? ValueCompression.PlainLength(image) : image.Length;
        bool isDehydrated = (flags & BeforeImageFlags.Dehydrated) != 0;
        if (isDehydrated ? length >= page.Length || length < pageSize.HeaderBytes : length != page.Length)
            throw Corrupt(length, pageSize);
        if (isCompressed)
            ValueCompression.Decompress(image, page);
        else
            image.CopyTo(page);
        if (isDehydrated)
            Rehydrate(page, length, pageSize);
    }

    private static void Rehydrate(Span<byte> page, int length, PageSize pageSize)
    {
        var view = new PageView(page);
        int used = pageSize.HeaderBytes + view.FirstFree, tags = view.TagCount * PageView.TagBytes;
        int free = view.FreeBytes + page.Length - length;
        if (used + tags > length || free > ushort.MaxValue)
            throw Corrupt(length, pageSize);
        page[(length - tags)..length].CopyTo(page[^tags..]);
        page[used..^tags].Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(page[28..], (ushort)free);
    }

    private static EseException Corrupt(int length, PageSize pageSize) => new(
        EseError.LogFileCorrupt, $"a before-image of {length} bytes is no page of {pageSize.Bytes}");
}
