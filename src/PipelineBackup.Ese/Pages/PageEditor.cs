namespace PipelineBackup.Ese;

/// <summary>Changes a page in the buffer where it is. What a page holds is told by <see cref="PageView"/>.</summary>
public readonly ref struct PageEditor
{
    /// <summary>Edits a page.</summary>
    /// <param name="page">The whole page.</param>
    /// <exception cref="ArgumentException">The length is no page size.</exception>
    public PageEditor(Span<byte> page) => Bytes = page;

    /// <summary>The bytes.</summary>
    public Span<byte> Bytes { get; }

    /// <summary>The page as it stands.</summary>
    public PageView View => new(Bytes);

    /// <summary>Makes an empty page: one tag, the external header, of no length.</summary>
    public void Initialize(PageNumber number, ObjectId tree, PageFlags flags, DbTime time) => throw new NotImplementedException();

    /// <summary>Sets when the page was last changed.</summary>
    public void SetTime(DbTime time) => throw new NotImplementedException();

    /// <summary>Sets what the page is; the bits of checksum kind and flush type stay.</summary>
    public void SetFlags(PageFlags flags) => throw new NotImplementedException();

    /// <summary>Sets the left sibling.</summary>
    /// <param name="page">Its number.</param>
    public void SetPrevious(PageNumber page) => throw new NotImplementedException();

    /// <summary>Sets the right sibling.</summary>
    /// <param name="page">Its number.</param>
    public void SetNext(PageNumber page) => throw new NotImplementedException();

    /// <summary>Sets the free bytes that open transactions hold back.</summary>
    /// <param name="bytes">How many, at most the free bytes.</param>
    public void SetUncommittedFree(int bytes) => throw new NotImplementedException();

    /// <summary>Puts a node in at a line; false when there is no room.</summary>
    /// <param name="line">Its line.</param>
    /// <param name="key">The whole key.</param>
    /// <param name="borrowed">How many bytes of the key come from the page's prefix; 0 for a node that is not compressed.</param>
    /// <param name="data">Its data.</param>
    /// <param name="flags">Its marks; whether it is compressed follows from <paramref name="borrowed"/>.</param>
    public bool TryInsert(int line, ReadOnlySpan<byte> key, int borrowed, ReadOnlySpan<byte> data, LineFlags flags) =>
        throw new NotImplementedException();

    /// <summary>Replaces the data of a node, key and marks stay; false when there is no room.</summary>
    public bool TryReplaceData(int line, ReadOnlySpan<byte> data) => throw new NotImplementedException();

    /// <summary>Takes a node out.</summary>
    /// <param name="line">Its line.</param>
    public void Delete(int line) => throw new NotImplementedException();

    /// <summary>Sets marks of a node; whether it is compressed stays.</summary>
    public void SetLineFlags(int line, LineFlags flags) => throw new NotImplementedException();

    /// <summary>Sets the external header, whole; false when there is no room.</summary>
    public bool TrySetExternalHeader(ReadOnlySpan<byte> header) => throw new NotImplementedException();

    /// <summary>Takes all nodes and the prefix out.</summary>
    public void Clear() => throw new NotImplementedException();

    /// <summary>How many bytes of a key a node on this page borrows: what it shares with the prefix, when more than 2.</summary>
    public int Borrow(ReadOnlySpan<byte> key) => throw new NotImplementedException();
}
