namespace PipelineBackup.Engine;

// How new data differ from old.
internal sealed partial class TreeWriter
{
    // Runs of equal bytes that are shorter cost no more within an edit than a second one does.
    private const int LeastGap = 8;

    private byte[] _difference = new byte[256];
    private int _differenceLength;

    /// <summary>Finds the edits that make new data from old, when they are not longer than the new data.</summary>
    private bool TryDiffer(ReadOnlySpan<byte> old, ReadOnlySpan<byte> data, out ReadOnlySpan<byte> difference)
    {
        if (_difference.Length < data.Length + 16)
            _difference = new byte[data.Length + 16];
        _differenceLength = 0;
        int start = old.CommonPrefixLength(data), end = 0, most = Math.Min(old.Length, data.Length) - start;
        while (end < most && old[^(end + 1)] == data[^(end + 1)])
            end++;

        // Where lengths differ, one edit tells what is between the ends; else one for each run that changed. Where
        // nothing changed at all, an edit of the last byte by itself says so.
        bool isShort = old.Length != data.Length
            ? TryEdit(start, old[start..^end], data[start..^end], data.Length)
            : start == old.Length
                ? TryEdit(start - 1, old[^1..], data[^1..], data.Length)
                : TryRuns(old, data, start, old.Length - end);
        difference = _difference.AsSpan(0, _differenceLength);
        return isShort;
    }

    private bool TryRuns(ReadOnlySpan<byte> old, ReadOnlySpan<byte> data, int start, int end)
    {
        while (start < end)
        {
            int stop = EndOfRun(old, data, start, end);
            if (!TryEdit(start, old[start..stop], data[start..stop], data.Length))
                return false;
            start = stop + old[stop..].CommonPrefixLength(data[stop..]);
        }

        return true;
    }

    private bool TryEdit(int offset, ReadOnlySpan<byte> old, ReadOnlySpan<byte> data, int most)
    {
        bool isLarge = !Editor.PageSize.IsSmall;
        if (_differenceLength + data.Length + 7 > _difference.Length || (!isLarge && offset > 0x1FFF))
            return false;
        _differenceLength += DataDifference.WriteEdit(
            _difference.AsSpan(_differenceLength), isLarge, offset, old.Length, data);
        return _differenceLength <= most;
    }

    private static int EndOfRun(ReadOnlySpan<byte> old, ReadOnlySpan<byte> data, int start, int end)
    {
        int stop = start + 1, same = 0;
        for (int at = start + 1; at < end; at++)
        {
            same = old[at] == data[at] ? same + 1 : 0;
            if (same == 0)
                stop = at + 1;
            else if (same >= LeastGap)
                break;
        }

        return stop;
    }
}
