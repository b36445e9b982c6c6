namespace PipelineBackup.Ese;

/// <summary>
/// What takes one change of a node back: the same for a record that says so and for undo itself. Good until the
/// <see cref="VersionStore"/> that told it is next used.
/// </summary>
internal readonly ref struct InverseOperation
{
    /// <summary>The operation that is undone.</summary>
    public NodeOperation Operation { get; init; }

    /// <summary>Of a replacing: what the node held before.</summary>
    public ReadOnlySpan<byte> OldData { get; init; }

    /// <summary>Of a moved counter: its offset in the data.</summary>
    public int Offset { get; init; }

    /// <summary>Of a moved counter: by how much it was moved.</summary>
    public long Delta { get; init; }

    /// <summary>Takes the change back. The page's dbtime is left to the caller.</summary>
    /// <param name="page">The page.</param>
    /// <param name="line">Line of the node, 0 being the first.</param>
    /// <exception cref="EseException">
    /// -354: there is no such line. -1206: the node is broken, or the counter is not within its data. -1917: the old data
    /// do not fit on the page.
    /// </exception>
    public void Apply(PageEditor page, int line) => throw new NotImplementedException();
}
