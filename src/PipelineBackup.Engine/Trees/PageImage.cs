using System.Buffers.Binary;

namespace PipelineBackup.Engine;

/// <summary>Makes before-images, as small as the engine makes them but for compression.</summary>
internal sealed class PageImage
{
    // The unused room in the middle of a page is taken out when it is as large as this, and a tenth of the page.
    private const int LeastRoom = 4096, LeastTenths = 9, FreeAt = 28;

    private byte[] _bytes = [];

    /// <summary>Makes the image of a page that is about to be changed.</summary>
    /// <param name="page">The page.</param>
    /// <param name="time">Its dbtime from then on, which the image has already.</param>
    /// <param name="flags">What was done to it.</param>
    /// <returns>The image; good until the next is made.</returns>
    public ReadOnlySpan<byte> Take(PageView page, DbTime time, out BeforeImageFlags flags)
    {
        if (_bytes.Length < page.Bytes.Length)
            _bytes = new byte[page.Bytes.Length];
        page.Bytes.CopyTo(_bytes);
        var image = _bytes.AsSpan(0, page.Bytes.Length);
        new PageEditor(image).SetTime(time);
        flags = BeforeImageFlags.None;

        int used = page.Size.HeaderBytes + page.FirstFree, tags = page.TagCount * PageView.TagBytes;
        int length = (used + tags + 1) & ~1;
        if (image.Length - used - tags < LeastRoom || length * 10 > image.Length * LeastTenths)
            return image;
        flags = BeforeImageFlags.Dehydrated;
        image[^tags..].CopyTo(image[(length - tags)..]);
        BinaryPrimitives.WriteUInt16LittleEndian(image[FreeAt..], (ushort)(page.FreeBytes - (image.Length - length)));
        return image[..length];
    }
}
