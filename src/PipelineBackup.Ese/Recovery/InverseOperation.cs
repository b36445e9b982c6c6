using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>
/// What takes one change of a node back: the same for a record that says so and for undo itself. Good until the
/// <see cref="VersionStore"/> that told it is next used.
/// </summary>
internal readonly ref struct InverseOperation
{
    private const int MostCounterBytes = sizeof(long);

    /// <summary>The operation that is undone.</summary>
    public NodeOperation Operation { get; init; }

    /// <summary>Of a replacing: what the node held before.</summary>
    public ReadOnlySpan<byte> OldData { get; init; }

    /// <summary>Of a moved counter: its offset in the data.</summary>
    public int Offset { get; init; }

    /// <summary>Of a moved counter: by how much it was moved.</summary>
    public long Delta { get; init; }

    private int CounterBytes => Operation == NodeOperation.Delta64 ? sizeof(long) : sizeof(int);

    /// <summary>Makes sure that the change can be taken back.</summary>
    /// <param name="page">The page.</param>
    /// <param name="line">Line of the node, 0 being the first.</param>
    /// <exception cref="EseException">
    /// -354: there is no such line. -1206: the node is broken, or the counter is not within its data. -1917: the old
    /// data do not fit on the page, or the operation is none that can be undone.
    /// </exception>
    public void Demand(PageView page, int line)
    {
        if ((uint)line >= (uint)page.NodeCount)
            throw new EseException(EseError.BadLineCount, $"line {line} is to be undone on a page of {page.NodeCount}");
        var rule = page.Node(line, out var node);
        if (rule != PageRule.None)
            throw new EseException(EseError.DatabaseCorrupted, $"line {line} is to be undone: {rule.Describe()}");
        switch (Operation)
        {
            case NodeOperation.Insert or NodeOperation.FlagDelete:
                break;
            case NodeOperation.Replace:
                if (OldData.IsEmpty)
                    throw new EseException(EseError.RollbackError, $"no old data are told for line {line}");
                int growth = OldData.Length - node.Data.Length;
                if (growth > page.FreeBytes)
                {
                    throw new EseException(EseError.RollbackError,
                        $"the old data of line {line} take {growth} bytes more, {page.FreeBytes} are free");
                }

                break;
            case NodeOperation.Delta or NodeOperation.Delta64:
                if (Offset + CounterBytes > node.Data.Length)
                {
                    throw new EseException(EseError.DatabaseCorrupted,
                        $"line {line} has {node.Data.Length} bytes of data, no counter at {Offset}");
                }

                break;
            default:
                throw new EseException(EseError.RollbackError, $"the operation {Operation} cannot be undone");
        }
    }

    /// <summary>Takes the change back. The page's dbtime is left to the caller.</summary>
    /// <param name="page">The page.</param>
    /// <param name="line">Line of the node, 0 being the first.</param>
    /// <exception cref="EseException">As <see cref="Demand"/> has them; the page is as it was.</exception>
    public void Apply(PageEditor page, int line)
    {
        Demand(page.View, line);
        var flags = page.View.Tag(line + page.View.ReservedTags).Flags;
        switch (Operation)
        {
            case NodeOperation.Insert:
                page.SetLineFlags(line, flags | LineFlags.Deleted);
                break;
            case NodeOperation.FlagDelete:
                page.SetLineFlags(line, flags & ~LineFlags.Deleted);
                break;
            case NodeOperation.Replace:
                PutBack(page, line);
                break;
            default:
                MoveBack(page, line);
                break;
        }
    }

    private void PutBack(PageEditor page, int line)
    {
        page.View.Node(line, out var node);
        int growth = OldData.Length - node.Data.Length, kept = page.View.UncommittedFreeBytes;

        // What the transaction freed was kept back for this; what it took is free again, and nobody waits for it.
        if (growth > 0 && kept > 0)
            page.SetUncommittedFree(Math.Clamp(kept - growth, 0, page.View.FreeBytes - growth));
        if (!page.TryReplaceData(line, OldData))
            throw new EseException(EseError.RollbackError, $"the old data of line {line} do not fit");
    }

    private void MoveBack(PageEditor page, int line)
    {
        page.View.Node(line, out var node);
        int end = node.Data.Length, length = CounterBytes;
        Span<byte> data = stackalloc byte[MostCounterBytes];
        data = data[..length];
        node.Data.Slice(Offset, length).CopyTo(data);
        if (Operation == NodeOperation.Delta64)
            BinaryPrimitives.WriteInt64LittleEndian(data, BinaryPrimitives.ReadInt64LittleEndian(data) - Delta);
        else
            BinaryPrimitives.WriteInt32LittleEndian(data, BinaryPrimitives.ReadInt32LittleEndian(data) - (int)Delta);

        // The data end where the line does, and keep their length.
        var tag = page.View.Tag(line + page.View.ReservedTags);
        data.CopyTo(page.Bytes[(tag.Offset + tag.Length - end + Offset)..]);
    }
}
