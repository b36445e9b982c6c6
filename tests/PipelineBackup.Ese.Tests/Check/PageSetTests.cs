namespace PipelineBackup.Ese.Tests.Check;

/// <summary>Sets of pages, compared with the plain sets of the framework.</summary>
public sealed class PageSetTests
{
    [Fact]
    public void Runs_of_pages_behave_as_their_pages_one_by_one()
    {
        const uint Last = 1000;
        for (int seed = 0; seed < SamplePages.Seeds(30); seed++)
        {
            var random = new Random(seed);
            PageSet set = new(new(Last)), other = new(new(Last));
            HashSet<uint> plain = [], plainOther = [];
            for (int step = 0; step < 100; step++)
            {
                uint first = (uint)random.Next(1, (int)Last), count = (uint)random.Next(0, Math.Min(200, (int)(Last - first) + 2));
                var extent = PageExtent.From(new(first), count);
                var pages = Enumerable.Range((int)first, (int)count).Select(n => (uint)n).ToList();
                Assert.Equal(pages.FirstOrDefault(plain.Contains), set.FirstOf(extent).Value);
                Assert.Equal(pages.FirstOrDefault(n => !plain.Contains(n)), set.FirstMissing(extent).Value);
                var neither = pages.Where(n => !plain.Contains(n) && !plainOther.Contains(n)).ToList();
                Assert.Equal(neither.Count, set.CountInNeither(other, extent, out var lost));
                Assert.Equal(neither.FirstOrDefault(), lost.Value);
                switch (random.Next(4))
                {
                    case 0:
                        set.Remove(extent);
                        plain.ExceptWith(pages);
                        break;
                    case 1:
                        Assert.Equal(pages.FirstOrDefault(plainOther.Contains), other.Add(extent).Value);
                        plainOther.UnionWith(pages);
                        break;
                    default:
                        Assert.Equal(pages.FirstOrDefault(plain.Contains), set.Add(extent).Value);
                        plain.UnionWith(pages);
                        break;
                }

                Assert.Equal(plain.Contains(first), set.Contains(new(first)));
            }

            Assert.Equal(plain.Order(), Enumerable.Range(0, 1100).Select(n => (uint)n).Where(n => set.Contains(new(n))));
        }
    }

    [Fact]
    public void What_cannot_be_in_a_set_is_not_added()
    {
        var set = new PageSet(new(100));
        Assert.True(set.Add(new PageNumber(100)));
        Assert.False(set.Add(new PageNumber(100)));
        Assert.False(set.Add(new PageNumber(4000)));
        Assert.False(set.Contains(new(uint.MaxValue)));
    }
}
