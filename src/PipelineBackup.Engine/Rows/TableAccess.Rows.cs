using System.Buffers.Binary;

namespace PipelineBackup.Engine;

// Rows with their entries in indexes and their long values.
internal sealed partial class TableAccess
{
    private NodeWriter Nodes => Database.Nodes;

    private RowKeys Keys => _keys ??= new(Definition, Values, Database.Transactions.Engine.Options.UnicodeOrder);

    private RowKeys OldKeys => _oldKeys ??= new(Definition, Values, Database.Transactions.Engine.Options.UnicodeOrder);

    private void InsertBuilt()
    {
        var keys = Keys;
        keys.Make(new(_record, Database.Format));
        if (keys.IsNumbered)
        {
            _key = new byte[RowKeys.SequenceBytes];
            RowKeys.WriteSequence(NextNumber(), _key);
        }
        else
            _key = keys.Primary.ToArray();
        Nodes.Insert(Session, State.Rows, _key, _record);
        foreach (var index in keys.Secondary)
        {
            var tree = Database.Tree(index.Index);
            for (int i = 0; i < index.Count; i++)
                Insert(tree, index.Index, index[i]);
        }
    }

    private void ReplaceBuilt(byte[] old)
    {
        var (keys, oldKeys) = (Keys, OldKeys);
        keys.Make(new(_record, Database.Format));
        if (!keys.IsNumbered && !keys.Primary.SequenceEqual(_key))
        {
            throw new EseException(EseError.RecordPrimaryChanged,
                $"the primary key of a row of {Definition} would change",
                "delete the row and insert another");
        }

        oldKeys.Make(new(old, Database.Format));
        Nodes.Replace(Session, State.Rows, _key, _record);
        for (int i = 0; i < keys.Secondary.Count; i++)
            ReplaceEntries(oldKeys.Secondary[i], keys.Secondary[i]);
        ReleaseLost(old, _record);
    }

    private void DeleteRow(byte[] old)
    {
        var keys = OldKeys;
        keys.Make(new(old, Database.Format));
        Nodes.Delete(Session, State.Rows, _key, []);
        foreach (var index in keys.Secondary)
        {
            var tree = Database.Tree(index.Index);
            for (int i = 0; i < index.Count; i++)
                Nodes.Delete(Session, tree, index[i], _key);
        }

        ReleaseLost(old, []);
    }

    // Keys are in order on both sides: what only one side has goes, or comes. Those that go do so first.
    private void ReplaceEntries(IndexKeys old, IndexKeys keys)
    {
        var tree = Database.Tree(keys.Index);
        for (int pass = 0; pass < 2; pass++)
        {
            int at = 0, oldAt = 0;
            while (at < keys.Count || oldAt < old.Count)
            {
                int order = at == keys.Count ? -1 : oldAt == old.Count ? 1 : old[oldAt].SequenceCompareTo(keys[at]);
                if (order < 0 && pass == 0)
                    Nodes.Delete(Session, tree, old[oldAt], _key);
                else if (order > 0 && pass == 1)
                    Insert(tree, keys.Index, keys[at]);
                oldAt += order <= 0 ? 1 : 0;
                at += order >= 0 ? 1 : 0;
            }
        }
    }

    private void Insert(EngineTree tree, IndexDefinition index, ReadOnlySpan<byte> key)
    {
        try
        {
            Nodes.Insert(Session, tree, key, _key);
        }
        catch (EseException e) when (e.Error == EseError.KeyDuplicate)
        {
            throw new EseException(EseError.KeyDuplicate, $"the index {index} of {Definition} has that key already");
        }
    }

    private void ReleaseLost(ReadOnlySpan<byte> old, ReadOnlySpan<byte> record)
    {
        var lost = References(old);
        if (lost.Count == 0)
            return;
        if (!record.IsEmpty)
        {
            foreach (var (reference, count) in References(record))
            {
                if (lost.TryGetValue(reference, out int before))
                    lost[reference] = before - count;
            }
        }

        foreach (var (reference, count) in lost)
        {
            for (int i = 0; i < count; i++)
                Values.Release(reference);
        }
    }

    // Those of deleted columns too: nothing else would ever release them.
    private Dictionary<byte[], int> References(ReadOnlySpan<byte> record)
    {
        var found = new Dictionary<byte[], int>(ByteOrder.Instance);
        var view = new RecordView(record, Database.Format);
        for (int entry = 0; entry < view.DirectoryEntries; entry++)
        {
            var values = view.At(entry);
            for (int i = 0; i < values.Count; i++)
            {
                var value = values[i];
                if (!value.IsSeparated)
                    continue;
                byte[] reference = value.Stored.ToArray();
                found[reference] = found.GetValueOrDefault(reference) + 1;
            }
        }

        return found;
    }

    private uint NextNumber()
    {
        if (State.NextNumber is not { } next)
        {
            // Whoever sees them: a number is not given twice.
            var cursor = new TreeCursor(Database.Editor.Cache, State.Rows.Root, State.Rows.ObjectId)
            {
                IncludesDeleted = true,
            };
            next = cursor.MoveLast() && RowKeys.TryReadSequence(cursor.Key, out uint last) ? last + 1 : 1;
        }

        State.NextNumber = next < uint.MaxValue ? next + 1
            : throw new EseException(EseError.OutOfSequentialIndexValues,
                $"the rows of {Definition} have used up all numbers");
        return next;
    }

    private ulong NextAutoIncrement(int column)
    {
        var definition = Columns[column];
        ulong next = State.NextAutoIncrement ?? FirstAutoIncrement(column), most = definition.Type switch
        {
            ColumnType.Long => int.MaxValue,
            ColumnType.UnsignedLong => uint.MaxValue,
            _ => long.MaxValue,
        };
        if (next > most)
        {
            throw new EseException(EseError.OutOfAutoincrementValues,
                $"the column {definition} of {Definition} has used up its numbers");
        }

        State.NextAutoIncrement = next + 1;
        KeepAutoIncrement(next);
        return next;
    }

    private ulong FirstAutoIncrement(int column)
    {
        var definition = Columns[column];
        long highest = 0;
        if (RootHeader.TryRead(Database.Editor.View(State.Rows.Root).ExternalHeader, out var header)
            && header.AutoIncrementMax is { } kept and > 0)
            return kept + 1;

        // Whoever sees them: a number is not given twice.
        var rows = State.Rows;
        var cursor = new TreeCursor(Database.Editor.Cache, rows.Root, rows.ObjectId) { IncludesDeleted = true };
        while (cursor.MoveNext())
        {
            var values = _layout.Values(new(cursor.Data, Database.Format), column);
            if (!values.IsNull)
                highest = Math.Max(highest, ColumnCodec.ReadInteger(definition, values[0].Stored));
        }

        return (ulong)highest + 1;
    }

    // Where the root keeps an upper bound it has to stay one, whatever becomes of the transaction.
    private void KeepAutoIncrement(ulong given)
    {
        const ulong Batch = 64;
        if (!RootHeader.TryRead(Database.Editor.View(State.Rows.Root).ExternalHeader, out var header)
            || header.AutoIncrementMax is not { } most || most >= given)
            return;
        Span<byte> bytes = stackalloc byte[RootHeader.MaxSize];
        int length = header.Write(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[(length - sizeof(ulong))..], given + Batch);
        Session.RequireLogged(Database);
        Database.Trees.SetRootHeader(Session.Origin, State.Rows, bytes[..length]);
    }

    private sealed class ByteOrder : IEqualityComparer<byte[]>
    {
        public static ByteOrder Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] bytes)
        {
            var hash = default(HashCode);
            hash.AddBytes(bytes);
            return hash.ToHashCode();
        }
    }
}
