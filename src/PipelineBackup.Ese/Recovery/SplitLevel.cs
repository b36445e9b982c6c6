namespace PipelineBackup.Ese;

/// <summary>The node that made a split necessary, as it is put in.</summary>
/// <param name="Key">The whole key; null when there is none.</param>
/// <param name="Data">The data.</param>
/// <param name="Flags">The marks.</param>
/// <param name="OldData">What it held before, when it was there.</param>
internal readonly record struct SplitNode(byte[]? Key, byte[]? Data, LineFlags Flags, byte[]? OldData = null);

/// <summary>One level of a tree in a split: its record, its pages, and the nodes from before.</summary>
internal sealed class SplitLevel(MacroRecords records, int index)
{
    private readonly SplitChange _split = records[index].AsSplit().Split;

    /// <summary>The record.</summary>
    public LogRecordView Record => records[index];

    /// <summary>What it says.</summary>
    public ref readonly SplitChange Split => ref _split;

    /// <summary>The page, when it needs the change.</summary>
    public CachedPage? Page { get; set; }

    /// <summary>The new page, when it must be made.</summary>
    public CachedPage? New { get; set; }

    /// <summary>The page on the right, when it needs the change.</summary>
    public CachedPage? Right { get; set; }

    /// <summary>The page as it was, where nodes are taken from it.</summary>
    public byte[]? Source { get; set; }

    /// <summary>Whether the page is split; else it only takes the separator of the level below.</summary>
    public bool Splits => _split.New != PageNumber.None;

    /// <summary>Whether the new page takes nothing but the node that made the split necessary.</summary>
    public bool NeedsNoSource => _split.Type == SplitType.Append || _split.IsHotpoint;

    /// <summary>First line that goes to the new page, the node to come counted.</summary>
    public int FirstMoved => _split.Type == SplitType.Vertical ? 0 : _split.SplitLine;

    /// <summary>How many nodes the page had before.</summary>
    public int SourceLines => _split.Lines - (Inserts ? 1 : 0);

    /// <summary>Whether the separator of the level below can be what made the split necessary.</summary>
    public bool TakesSeparator => Inserts && _split.OperationLine + 1 < _split.Lines;

    private bool Inserts => _split.Operation == SplitOperation.Insert;

    /// <summary>Makes sure that lines and types of the record go together.</summary>
    /// <exception cref="EseException">−1852.</exception>
    public void RequireSound()
    {
        if (!Splits)
            return;
        int lines = _split.Lines, first = _split.SplitLine, at = _split.OperationLine;
        bool isSound = _split.Operation <= SplitOperation.FlagInsertReplace
            && _split.PrefixLineNew < lines - FirstMoved
            && (_split.Operation == SplitOperation.None || at < lines) && _split.Type switch
            {
                SplitType.Vertical => lines > 0 && first == 0 && _split.Right == PageNumber.None,
                SplitType.Right => first > 0 && first < lines,
                SplitType.Append => Inserts && first == at && at == lines - 1,
                _ => false,
            };
        if (!isSound)
            throw RedoMacro.Contradiction(Record, $"splits {lines} lines at {first} for line {at}");
    }

    /// <summary>Key of a line, the node to come counted.</summary>
    /// <param name="line">The line.</param>
    /// <param name="node">The node to come.</param>
    public byte[] KeyAt(int line, SplitNode node) =>
        Inserts && line == _split.OperationLine ? node.Key! : SourceNode(line).KeyToArray();

    /// <summary>Puts a line into a page.</summary>
    /// <param name="page">The page.</param>
    /// <param name="to">Line on the page.</param>
    /// <param name="line">The line, the node to come counted.</param>
    /// <param name="node">The node to come, or that takes the place of one.</param>
    /// <exception cref="EseException">−1206: it does not fit.</exception>
    public void Put(CachedPage page, int to, int line, SplitNode node)
    {
        if (line == _split.OperationLine && node.Key is not null)
        {
            MacroPages.Insert(Record, page, to, node.Key, node.Data, node.Flags);
            return;
        }

        var old = SourceNode(line);
        if (old.KeyHead.IsEmpty)
            MacroPages.Insert(Record, page, to, old.KeyTail, old.Data, old.Flags);
        else
            MacroPages.Insert(Record, page, to, old.KeyToArray(), old.Data, old.Flags);
    }

    /// <summary>A node from before.</summary>
    /// <param name="line">Its line, the node to come counted.</param>
    /// <exception cref="EseException">−1206: it is not there.</exception>
    public NodeView SourceNode(int line)
    {
        int from = Inserts && line > _split.OperationLine ? line - 1 : line;
        return MacroPages.Node(Record, new PageView(Source), _split.Change.Page, from);
    }
}
