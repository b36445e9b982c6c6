namespace PipelineBackup.Ese.Tests.Trees;

/// <summary>Trees that nobody wrote on purpose: documented errors only, and always an end.</summary>
public sealed class TreeFuzzTests
{
    public static TheoryData<string> Sets => ["clean-4096", "clean-32768"];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Cursors_over_mutated_trees_end_with_what_is_documented(string set)
    {
        var sound = MemoryPages.Golden(set);
        var roots = sound.Roots().ToList();
        int failed = 0, seeds = SamplePages.Seeds(150);
        for (int seed = 0; seed < seeds; seed++)
        {
            var random = new Random(seed);
            var file = sound.Copy();
            PageMutation.Mutate(file, random);

            // With inspection off the cursor meets what the inspector would have held back.
            file.Depth = (seed % 3) switch { 0 => null, 1 => InspectionDepth.Basic, _ => InspectionDepth.Checksum };
            foreach (var (root, id) in roots)
                failed += WalkAll(file, root, id, random, seed) ? 0 : 1;
        }

        Assert.True(failed > seeds / 2, $"{failed} of {seeds}: the mutations do not reach the trees");
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Space_and_long_values_of_mutated_trees_end_with_what_is_documented(string set)
    {
        var sound = MemoryPages.Golden(set);
        var roots = sound.Roots().ToList();
        int chunk = LongValueTree.DefaultChunkBytes(sound.PageSize), failed = 0, seeds = SamplePages.Seeds(150);
        for (int seed = 0; seed < seeds; seed++)
        {
            var file = sound.Copy();
            PageMutation.Mutate(file, new Random(seed));
            file.Depth = seed % 2 == 0 ? null : InspectionDepth.Basic;
            foreach (var (root, id) in roots)
            {
                failed += Documented(seed, file, () => ReadSpace(file, root, id)) ? 0 : 1;
                if ((sound.View(root).Flags & PageFlags.LongValue) != 0)
                    failed += Documented(seed, file, () => ReadLongValues(file, root, id, chunk)) ? 0 : 1;
            }
        }

        Assert.True(failed > seeds / 4, $"{failed} of {seeds}: the mutations do not reach the trees");
    }

    private static bool WalkAll(MemoryPages file, PageNumber root, ObjectId id, Random random, int seed)
    {
        var cursor = new TreeCursor(file, root, id) { IncludesDeleted = random.Next(2) == 0 };
        byte[] key = new byte[random.Next(20)];
        random.NextBytes(key);
        bool whole = Documented(seed, file, () => Walk(file, cursor, c => c.MoveNext()));
        whole &= Documented(seed, file, () => Walk(file, cursor, c => c.MovePrevious()));
        whole &= Documented(seed, file, () =>
        {
            cursor.SeekAtLeast(key, key);
            Walk(file, cursor, c => c.MoveNext());
        });
        whole &= Documented(seed, file, () =>
        {
            if (cursor.MoveLast())
                cursor.Seek(cursor.Key);
        });
        return whole;
    }

    private static void Walk(MemoryPages file, TreeCursor cursor, Func<TreeCursor, bool> move)
    {
        int before = file.Reads, most = (int)file.LastPage.Value + TreeCursor.MaxDepth + 1;
        while (move(cursor))
        {
            Assert.True(cursor.Key.Length <= NodeView.MaxKeyBytes && cursor.Data.Length > 0);
            Assert.True(file.Reads - before <= most, "goes on for more pages than there are");
        }
    }

    private static void ReadSpace(MemoryPages file, PageNumber root, ObjectId id)
    {
        var space = new SpaceTree(file, root, id);
        Assert.All(space.Owned(), extent => Assert.True(extent.IsValid && extent.Last.CompareTo(file.LastPage) <= 0));
        Assert.All(space.Available(), extent => Assert.True(extent.Pages.IsValid));
        Assert.All(space.Reserved(), extent => Assert.True(extent.IsValid));
    }

    private static void ReadLongValues(MemoryPages file, PageNumber root, ObjectId id, int chunk)
    {
        var cursor = new TreeCursor(file, root, id);
        var values = new LongValueTree(file, root, id, chunk);
        while (cursor.MoveNext())
        {
            // A separator in the way may hide what a walk along the leaves meets.
            if (!LongValueId.TryReadKey(cursor.Key, out var value, out long offset) || offset >= 0 || !values.Open(value))
                continue;
            long length = 0;
            while (values.MoveNextChunk())
                length += values.ChunkLength;
            Assert.True(length == values.Value.Length);
        }
    }

    /// <summary>Whether something ran to its end; else it has failed as documented.</summary>
    private static bool Documented(int seed, MemoryPages file, Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            action();
            return true;
        }
        catch (EseException e)
        {
            Assert.True(e.Error is EseError.BadPageLink or EseError.BadParentPageLink or EseError.DatabaseCorrupted
                or EseError.PageNotInitialized or EseError.FileIOBeyondEOF or EseError.PageNumberMismatch
                or EseError.SPOwnExtCorrupted or EseError.SPAvailExtCorrupted or EseError.LVCorrupted,
                $"seed {seed}: {e}");
            return false;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
        }
        finally
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 16 << 20, $"seed {seed}: {allocated} bytes of {file.LastPage} pages");
        }
    }
}
