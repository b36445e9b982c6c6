using System.Buffers.Binary;

namespace PipelineBackup.Ese;

/// <summary>Redo of one page that goes elsewhere in its file, alone or with the root of its tree.</summary>
internal sealed class RedoPageMove
{
    private const int NumberAt = 64;

    private readonly RedoContext _context;
    private readonly MacroRecords _records;
    private readonly int _index;
    private readonly PageMoveChange _move;
    private readonly CachedPage? _from, _to, _left, _right, _parent;
    private readonly byte[]? _source;

    /// <summary>Gets the pages.</summary>
    /// <param name="context">The database and session.</param>
    /// <param name="pages">The pages of the macro that it is in.</param>
    /// <param name="records">The records of the macro.</param>
    /// <param name="index">Place of the record.</param>
    /// <exception cref="EseException">The record contradicts itself; or those of <see cref="RedoPages"/>.</exception>
    public RedoPageMove(RedoContext context, MacroPages pages, MacroRecords records, int index)
    {
        (_context, _records, _index) = (context, records, index);
        var record = records[index];
        _move = record.AsPageMove().Move;
        if (_move.Target == PageNumber.None || _move.Change.Page == PageNumber.None
            || _move.Change.Database != context.Database.Slot)
            throw RedoMacro.Contradiction(record, "names no page");
        _parent = pages.Change(record, _move.Parent, _move.ParentBefore);
        _from = pages.Change(record, _move.Change.Page, _move.Change.TimeBefore);
        _to = pages.Create(record, _move.Target);
        _left = pages.Change(record, _move.Left, _move.LeftBefore);
        _right = pages.Change(record, _move.Right, _move.RightBefore);
        if (_to is not null)
            _source = _from is null ? Restore(record, pages.Size) : MacroPages.Copy(_from);
        if (_source is not null)
            MacroPages.RequireSound(record, _move.Change.Page, _move.Tree, _source);
    }

    /// <summary>Redoes the record of a page that is moved alone.</summary>
    /// <param name="context">The database and session.</param>
    /// <param name="record">The record.</param>
    /// <exception cref="EseException">As of a macro.</exception>
    public static void Apply(RedoContext context, in LogRecordView record)
    {
        var records = new MacroRecords();
        records.Add(record);
        var pages = new MacroPages(context);
        new RedoPageMove(context, pages, records, 0).Change();
        pages.Finish();
    }

    /// <summary>What is moved.</summary>
    public ref readonly PageMoveChange Move => ref _move;

    /// <summary>The page where it goes, when it must be made.</summary>
    public CachedPage? Target => _to;

    /// <summary>Changes the pages.</summary>
    /// <exception cref="EseException">The pages contradict the record.</exception>
    public void Change()
    {
        var record = _records[_index];
        if (_to is not null)
        {
            // With reserved tags and free space as they are; only its number is another one.
            var bytes = _to.Edit().Bytes;
            _source.CopyTo(bytes);
            if (!_to.View.Size.IsSmall)
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[NumberAt..], _move.Target.Value);
        }

        if (_from is not null)
            MacroPages.Empty(_from);
        if (_parent is not null)
            MacroPages.Point(record, _parent, _move.ParentLine, _move.Change.Page, _move.Target);
        _left?.Edit().SetNext(_move.Target);
        _right?.Edit().SetPrevious(_move.Target);
    }

    // The free room in the middle is not logged.
    private static byte[] Restore(in LogRecordView record, PageSize size)
    {
        var front = record.AsPageMove().Front;
        var back = record.AsPageMove().Back;
        byte[] bytes = new byte[size.Bytes];
        if (front.Length < size.HeaderBytes || front.Length + (long)back.Length > bytes.Length)
            throw RedoMacro.Contradiction(record, "has no whole page");
        front.CopyTo(bytes);
        back.CopyTo(bytes.AsSpan(bytes.Length - back.Length));
        return bytes;
    }
}
