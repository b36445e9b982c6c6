using System.Buffers.Binary;
using PipelineBackup.Ese;

namespace PipelineBackup.Tests.Sources;

/// <summary>Changes to files of a set, as accidents and engines make them.</summary>
internal static class FileSurgery
{
    /// <summary>Changes a file's bytes, leaving its length.</summary>
    public static void Change(string path, Action<byte[]> change)
    {
        byte[] bytes = File.ReadAllBytes(path);
        change(bytes);
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Flips bits of a page: offset in the page and mask.</summary>
    public static void Flip(string path, long page, int pageSize, params (int Offset, byte Mask)[] bits) => Change(path, bytes =>
    {
        foreach (var (offset, mask) in bits)
            bytes[page * pageSize + offset] ^= mask;
    });

    /// <summary>Changes a page and gives it its checksum again.</summary>
    public static void Rewrite(string path, long page, int pageSize, Action<byte[]> change) => Change(path, bytes =>
    {
        byte[] own = bytes.AsSpan((int)page * pageSize, pageSize).ToArray();
        change(own);
        PageChecksum.Write(own, PageNumber.FromFileIndex(page));
        own.CopyTo(bytes.AsSpan((int)page * pageSize));
    });

    /// <summary>Changes both header pages and gives them their checksum again.</summary>
    public static void RewriteHeaders(string path, int pageSize, Action<byte[]> change) => Change(path, bytes =>
    {
        for (int copy = 0; copy < 2; copy++)
        {
            byte[] own = bytes.AsSpan(copy * pageSize, pageSize).ToArray();
            change(own);
            BinaryPrimitives.WriteUInt32LittleEndian(own, HeaderChecksum.Compute(own));
            own.CopyTo(bytes.AsSpan(copy * pageSize));
        }
    });

    /// <summary>Changes the header of a log and gives it its checksum again.</summary>
    public static void RewriteLogHeader(string path, Action<byte[]> change) => Change(path, bytes =>
    {
        byte[] own = bytes.AsSpan(0, LogHeader.Size).ToArray();
        change(own);
        BinaryPrimitives.WriteUInt32LittleEndian(own, HeaderChecksum.Compute(own));
        own.CopyTo(bytes.AsSpan());
    });

    /// <summary>Index of the n-th last page of a file that holds something.</summary>
    public static long UsedPage(string path, int pageSize, int last = 3)
    {
        byte[] bytes = File.ReadAllBytes(path);
        long page = bytes.Length / pageSize;
        while (last > 0)
        {
            if (bytes.AsSpan((int)--page * pageSize, pageSize).ContainsAnyExcept((byte)0))
                last--;
        }

        return page;
    }
}
