namespace PipelineBackup.Tests.Sequences;

/// <summary>The first page of a database, behind a few, that has something in it: flips bits in some of its bytes, in one a single one, whenever it is read.</summary>
internal sealed class SpoiltPage(string name, int bytes)
{
    private const int PageBytes = 4096, First = 8, Place = 300;

    private long _page;

    /// <summary>How often it was read.</summary>
    public int Times { get; private set; }

    public void Spoil(SourceFile file, long offset, Memory<byte> read)
    {
        if (file.Name != name)
            return;
        for (int at = 0; at + PageBytes <= read.Length; at += PageBytes)
        {
            long page = (offset + at) / PageBytes;
            var content = read.Span.Slice(at, PageBytes);
            if (_page == 0 && page >= First && content[..sizeof(ulong)].ContainsAnyExcept((byte)0))
                _page = page;
            if (page < First || page != _page)
                continue;
            Times++;
            for (int i = 0; i < bytes; i++)
                content[Place + i] ^= (byte)(4 + i * 7);
        }
    }
}
