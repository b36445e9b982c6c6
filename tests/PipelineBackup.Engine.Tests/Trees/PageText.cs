using System.Text;

namespace PipelineBackup.Engine.Tests.Trees;

/// <summary>All that a page says, as text, but for what lies where in it, how it was last written, and hints.</summary>
internal static class PageText
{
    public static string Of(PageCache cache, PageNumber number)
    {
        var verdict = cache.Get(number, out var cached);
        if (cached is null)
            return verdict.Finding is PageFinding.Uninitialized or PageFinding.Truncated ? "nothing" : $"{verdict}";
        var page = cached.View;
        if (page.IsZero)
            return "nothing";
        var text = new StringBuilder();
        Write(text, page);
        return text.ToString();
    }

    public static void Write(StringBuilder text, PageView page, LineFlags without = LineFlags.None)
    {
        const PageFlags Written = PageFlags.FlushType | PageFlags.EccChecksum | PageFlags.Scrubbed;
        text.Append($"time {page.DbTime} tree {page.ObjectId} {page.Previous} < > {page.Next} ");
        text.Append($"flags {page.Flags & ~Written} free {page.FreeBytes} tags {page.TagCount}\n");
        text.Append($"header {Convert.ToHexString(page.ExternalHeader)}\n");
        for (int line = 0; line < page.NodeCount; line++)
        {
            var rule = page.Node(line, out var node);
            text.Append($"{line}: {rule} {node.Flags & ~without} {Convert.ToHexString(node.KeyHead)}.");
            text.Append($"{Convert.ToHexString(node.KeyTail)} {Convert.ToHexString(node.Data)}\n");
        }
    }
}
