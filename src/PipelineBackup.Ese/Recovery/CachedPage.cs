namespace PipelineBackup.Ese;

/// <summary>A page in the cache of a database under recovery.</summary>
/// <remarks>It is valid until the cache is next trimmed; whoever needs the page later asks the cache again.</remarks>
internal sealed class CachedPage
{
    private readonly PageSize _size;
    private LogPosition _firstOfImage;

    /// <summary>A page without bytes.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="size">Its size.</param>
    public CachedPage(PageNumber number, PageSize size) => (Number, _size) = (number, size);

    /// <summary>Its number.</summary>
    public PageNumber Number { get; }

    /// <summary>As it stands.</summary>
    /// <exception cref="InvalidOperationException">The cache was trimmed since it gave the page.</exception>
    public PageView View => new(Resident, _size);

    /// <summary>Whether it holds changes that the file does not.</summary>
    public bool IsDirty { get; internal set; }

    /// <summary>
    /// Where replay has to begin so that the file gets all changes it lacks; not set when nobody tells. Of a page that
    /// is not dirty it says nothing.
    /// </summary>
    public LogPosition FirstChange { get; private set; }

    /// <summary>A record changes it, or may.</summary>
    /// <param name="start">Where replay has to begin so that it makes the change.</param>
    public void Touch(LogPosition start)
    {
        if (!FirstChange.IsSet || start < FirstChange)
            FirstChange = start;
    }

    /// <summary>
    /// Where replay has to begin so that the file gets all changes it lacks, those too that are on their way to it; not
    /// set when it lacks none, or nobody tells.
    /// </summary>
    public LogPosition FirstLacking
    {
        get
        {
            var first = IsDirty ? FirstChange : default;
            return !first.IsSet || (_firstOfImage.IsSet && _firstOfImage < first) ? _firstOfImage : first;
        }
    }

    /// <summary>Whether an image of it is on its way to the file: until it is there the page stays in memory.</summary>
    public bool IsBeingWritten { get; private set; }

    /// <summary>An image of it was taken: what is changed from now on, that image does not have.</summary>
    internal void BeginWrite()
    {
        (IsBeingWritten, _firstOfImage) = (true, FirstChange);
        Written();
    }

    /// <summary>The file has the image.</summary>
    internal void EndWrite() => (IsBeingWritten, _firstOfImage) = (false, default);

    /// <summary>The file has it as it is.</summary>
    internal void Written() => (IsDirty, FirstChange) = (false, default);

    /// <summary>The bytes; null while they are elsewhere.</summary>
    internal byte[]? Buffer { get; set; }

    /// <summary>What inspecting it found; null when nobody looked yet.</summary>
    internal PageVerdict? Verdict { get; set; }

    /// <summary>Where its bytes are in the scratch file; negative when they are not.</summary>
    internal int ScratchSlot { get; set; } = -1;

    /// <summary>When it was last asked for, counted in trims.</summary>
    internal int LastUse { get; set; }

    private byte[] Resident =>
        Buffer ?? throw new InvalidOperationException($"page {Number} is used behind a trim of its cache");

    /// <summary>Marks it changed and lets it be edited.</summary>
    /// <exception cref="InvalidOperationException">The cache was trimmed since it gave the page.</exception>
    public PageEditor Edit()
    {
        var editor = new PageEditor(Resident);
        IsDirty = true;
        return editor;
    }
}
